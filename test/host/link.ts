// What the suite in the extension host and the test run outside it say to each other: JSON lines over a loopback socket.

/** One test of the suite, when it has ended. */
export interface TestResult {
  /** Titles from the outermost describe to the test itself. */
  titles: string[];
  state: 'passed' | 'failed' | 'pending';
  /** Milliseconds. */
  duration: number;
  error?: { message: string; stack?: string };
}

/** From the suite. `screenshot` is answered, when it has been taken. */
export type SuiteMessage =
  | { kind: 'started'; vscode: string; desktop: boolean }
  | { kind: 'test'; result: TestResult }
  | { kind: 'broken'; message: string }
  | { kind: 'screenshot'; name: string };

/** To the suite: the picture's path; none where there is no page to take it of. */
export interface ScreenshotTaken {
  file?: string;
}

/** Port of the link, in the extension host's environment. */
export const portVariable = 'ASYNCSCOPE_TEST_LINK';
/** The compiled test files to run, separated as in PATH, and a part of a test's title to run only those, likewise. */
export const filesVariable = 'ASYNCSCOPE_TEST_FILES';
export const grepVariable = 'ASYNCSCOPE_TEST_GREP';
