import { reportSuite } from './report';

reportSuite('in VS Code', { workspace: 'examples', files: ['activation'] });
