import {
  ObjectFlags,
  TypeFlags,
  isIntersectionType,
  isUnionType,
  type Asking,
  type Checker,
  type Program,
  type Signature,
  type Symbol,
  type Type,
  type TypeReference,
} from '../program';

/** Types that are settled by their flags: nothing of them can be a promise, an array or a function. */
const plain = TypeFlags.Primitive | TypeFlags.Never | TypeFlags.Index;

/** Whether a type is a primitive, an enum, `void`, `never` and the like: no promise, array or function. */
export function isPlain(type: Type): boolean {
  return (type.flags & plain) !== 0;
}

export function isAny(type: Type): boolean {
  return (type.flags & TypeFlags.Any) !== 0;
}

export function isAnyOrUnknown(type: Type): boolean {
  return (type.flags & TypeFlags.AnyOrUnknown) !== 0;
}

/** The members of a union, or the type itself. */
export function* unionParts(type: Type): Asking<readonly Type[]> {
  return isUnionType(type) && !isPlain(type) ? yield* type.getTypes.gen() : [type];
}

/** The members of an intersection, or the type itself. */
export function* intersectionParts(type: Type): Asking<readonly Type[]> {
  return isIntersectionType(type) ? yield* type.getTypes.gen() : [type];
}

/** What the type behaves as: a type variable's constraint, a mapped type's array; others are what they are. */
export function* apparentType(type: Type): Asking<Type> {
  const variable = (type.flags & (TypeFlags.Instantiable | TypeFlags.Intersection)) !== 0;
  return variable || isMapped(type) ? yield* type.getApparentType.gen() : type;
}

/** The union members of the apparent type. */
export function* apparentParts(type: Type): Asking<readonly Type[]> {
  return yield* unionParts(yield* apparentType(type));
}

/** The union members of a type, or of a type variable's constraint: enough for questions about properties. */
export function* memberParts(type: Type): Asking<readonly Type[]> {
  return yield* unionParts((type.flags & TypeFlags.Instantiable) !== 0 ? yield* type.getApparentType.gen() : type);
}

export function objectFlags(type: Type): ObjectFlags {
  return (type.flags & TypeFlags.Object) !== 0 ? (type as TypeReference).objectFlags : ObjectFlags.None;
}

export function isMapped(type: Type): boolean {
  return (objectFlags(type) & ObjectFlags.Mapped) !== 0;
}

export function isReference(type: Type): type is TypeReference {
  return (objectFlags(type) & ObjectFlags.Reference) !== 0;
}

/** Types that are written as object literals or mapped have no call signatures, tuples neither. */
const uncallable = ObjectFlags.ObjectLiteral | ObjectFlags.Mapped | ObjectFlags.Tuple;

/** The call signatures of one member type. */
export function* callSignatures(type: Type): Asking<readonly Signature[]> {
  if (isPlain(type) || isAnyOrUnknown(type) || (objectFlags(type) & uncallable) !== 0) return [];
  if (isReference(type) && type.isTupleType()) return [];
  return yield* type.getCallSignatures.gen();
}

/**
 * The element types of an array (one) or a tuple (each); undefined for other types.
 * `ReadonlyArray` counts as array, subclasses of Array do not.
 */
export function* elementTypes(checker: Checker, type: Type): Asking<readonly Type[] | undefined> {
  if (!isReference(type)) return undefined;
  if (!type.isTupleType()) {
    const symbol = yield* type.getSymbol.gen();
    if (symbol?.name !== 'Array' && symbol?.name !== 'ReadonlyArray') return undefined;
    if (!(yield* checker.isArrayType.gen(type))) return undefined;
  }
  return yield* checker.getTypeArguments.gen(type);
}

/** Whether some declaration of a symbol is in the language's own library (lib.*.d.ts). */
export function* inDefaultLibrary(program: Program, symbol: Symbol): Asking<boolean> {
  for (const path of new Set(symbol.declarations.map((declaration) => declaration.path))) {
    if ((yield* program.getSourceFileMetadataByPath.gen(path))?.isDefaultLibrary) return true;
  }
  return false;
}
