/** What the type checker answers with, and how it is asked. */
import type { APIRequestGenerator } from 'typescript7/sync';

export {
  NodeHandle,
  ObjectFlags,
  Signature,
  SignatureKind,
  Symbol,
  SymbolFlags,
  TypeFlags,
  isErrorType,
  isIntersectionType,
  isTypeParameter,
  isUnionType,
} from 'typescript7/sync';
export type {
  Checker,
  Diagnostic as CompilerDiagnostic,
  InterfaceType,
  IntersectionType,
  ObjectType,
  Program,
  Project,
  Type,
  TypeParameter,
  TypeReference,
  UnionType,
} from 'typescript7/sync';

/**
 * A computation that asks the compiler: written with `yield*` as others are with `await`. All that run together
 * ({@link Programs.ask}) have their questions sent in one batch per round, equal questions once.
 */
export type Asking<T> = APIRequestGenerator<T>;
