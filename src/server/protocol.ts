// What the language server speaks beyond the standard protocol. The standard part: diagnostics are pushed
// (`textDocument/publishDiagnostics`, with the document's version), code actions are resolved lazily, settings are pulled
// per resource (`workspace/configuration`, section "asyncscope"), watched files are registered by the server.

/** `initializationOptions` of the client. Each may be missing: other editors send none. */
export interface InitializationOptions {
  /** False in a workspace that the user does not trust: nothing of it may be executed then, ESLint's configuration included. */
  trusted?: boolean;
  /** The settings, from editors that neither answer `workspace/configuration` nor send `didChangeConfiguration`. */
  settings?: Partial<Settings>;
  /** A compiler that has not answered for so many milliseconds is ended and started again; 60,000 unless given. */
  compilerTimeLimit?: number;
}

/** Section "asyncscope" of the settings, for one resource. */
export interface Settings {
  enable: boolean;
  /** Severity by rule id; wins over the configuration file. */
  rules: Record<string, 'off' | 'hint' | 'info' | 'warning' | 'error'>;
  /** Empty: the configuration file's, or "recommended". */
  preset: '' | 'recommended' | 'strict' | 'all';
  /** Globs, relative to the workspace folder. */
  exclude: string[];
  /** Leave out a rule where the workspace's ESLint has the equal one on. */
  eslint: boolean;
}

/** Notification, server to client, whenever one of its values has changed. */
export const statusMethod = 'asyncscope/status';

export interface StatusParams {
  /** A check is under way. */
  busy: boolean;
  /** Diagnostics that are now published, and the files that have any. */
  problems: number;
  files: number;
  /** How many of the diagnostics are hints: editors mark these in the text, but do not list them. */
  hints: number;
  /** One sentence each: what keeps findings from being complete, or where ESLint has the equal rule on. */
  notes: string[];
}

/**
 * Request, client to server, with a work-done token (`$/progress`): checks every file of the workspace's folders and
 * publishes their diagnostics, which stay until the file is checked again. When cancelled it answers with the standard
 * RequestCancelled error and keeps what it has published.
 */
export const checkWorkspaceMethod = 'asyncscope/checkWorkspace';

export interface CheckWorkspaceParams {
  workDoneToken?: string | number;
}

export interface CheckWorkspaceResult {
  /** Files that were checked. */
  files: number;
  problems: number;
  /** Files that could not be read, with the reason. */
  errors: { file: string; message: string }[];
}

/** Notification, client to server: the places that were seen blocking the event loop. Replaces what was said before. */
export const blockedPlacesMethod = 'asyncscope/blockedPlaces';

export interface BlockedPlacesParams {
  places: BlockedPlace[];
}

/** A line that was on the stack when the event loop stood still. */
export interface BlockedPlace {
  /** Absolute path. */
  file: string;
  /** From 1. */
  line: number;
  /** False: what blocked stands at this line or shortly before it. */
  exact: boolean;
  /** The function of Node's or of a package that the line called; absent where the line's own code ran. */
  calls?: string;
  count: number;
  totalMs: number;
  longestMs: number;
}
