import { SymbolFlags, type Asking, type Project, type Symbol, type Type } from '../program';
import { Memo } from './memo';
import { isPlain, unionParts } from './structure';

/** A well-known symbol as a property key. */
export type WellKnown = 'iterator' | 'asyncIterator' | 'dispose' | 'asyncDispose';

/** Each is declared by one interface of the language's library, as its only property. */
const declaredBy: Record<WellKnown, string> = {
  iterator: 'Iterable',
  asyncIterator: 'AsyncIterable',
  dispose: 'Disposable',
  asyncDispose: 'AsyncDisposable',
};

/** The properties that stand under well-known symbols: `[Symbol.iterator]` and its like. */
export class WellKnownProperties {
  constructor(private readonly project: Project) {}

  /** The property of one member type of a union; undefined where it has none. */
  *property(type: Type, key: WellKnown): Asking<Symbol | undefined> {
    const name = yield* this.names.get(key);
    if (name === undefined) return undefined;
    return (yield* type.getProperties.gen()).find((property) => String(property.escapedName) === name);
  }

  /** Whether some member of the type has the property. */
  *someHas(type: Type, key: WellKnown): Asking<boolean> {
    for (const part of yield* unionParts(type)) if (yield* this.property(part, key)) return true;
    return false;
  }

  /** Whether every member of the type has the property. */
  *everyHas(type: Type, key: WellKnown): Asking<boolean> {
    for (const part of yield* unionParts(type)) if (!(yield* this.property(part, key))) return false;
    return true;
  }

  /** Whether the type can stand for `Disposable`: far cheaper than listing its properties. */
  *isDisposable(type: Type): Asking<boolean> {
    const disposable = yield* this.interfaceType('Disposable');
    return !isPlain(type) && disposable !== undefined && (yield* this.project.checker.isTypeAssignableTo.gen(type, disposable));
  }

  /** The name that the compiler gives the property: it holds a number of the program's own. */
  private readonly names = new Memo<WellKnown, string | undefined>((key) => this.nameOf(key));

  private *nameOf(key: WellKnown): Asking<string | undefined> {
    const type = yield* this.interfaceType(declaredBy[key]);
    const properties = type && (yield* type.getProperties.gen());
    return properties?.find((property) => property.escapedName.startsWith(`__@${key}`))?.escapedName;
  }

  private *interfaceType(name: string): Asking<Type | undefined> {
    const symbol = yield* this.project.checker.resolveName.gen(name, SymbolFlags.Interface);
    return symbol && (yield* this.project.checker.getDeclaredTypeOfSymbol.gen(symbol));
  }
}
