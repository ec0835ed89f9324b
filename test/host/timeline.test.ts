import { reportSuite } from './report';

reportSuite('in VS Code, the timeline', { workspace: 'test/fixtures/host/timeline', files: ['timeline'] });
