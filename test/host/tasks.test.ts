import { reportSuite } from './report';

reportSuite('in VS Code, debugging', { workspace: 'test/fixtures/host/debugged', files: ['tasks', 'live-tasks', 'task-actions'] });
