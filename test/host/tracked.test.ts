import { reportSuite } from './report';

reportSuite('in VS Code, debugging with tracking on', {
  workspace: 'test/fixtures/host/tracked',
  files: ['tracked', 'tracked-tasks', 'tracked-life'],
  settings: { 'asyncscope.trace.enabled': true },
});
