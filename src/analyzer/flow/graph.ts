import {
  SyntaxKind,
  isBinaryExpression,
  isBlock,
  isBreakStatement,
  isCallExpression,
  isCaseClause,
  isClassDeclaration,
  isClassExpression,
  isConditionalExpression,
  isContinueStatement,
  isDoStatement,
  isForInStatement,
  isForOfStatement,
  isForStatement,
  isIdentifier,
  isIfStatement,
  isLabeledStatement,
  isModuleBlock,
  isReturnStatement,
  isSwitchStatement,
  isThrowStatement,
  isTryStatement,
  isTypeNode,
  isVariableDeclaration,
  isWhileStatement,
  type BinaryExpression,
  type Expression,
  type ForInStatement,
  type ForOfStatement,
  type Node,
  type SourceFile,
  type Statement,
  type SwitchStatement,
  type TryStatement,
} from '../program';
import { isFunctionNode, type FunctionNode } from '../syntax/functions';

/** A point in a function's evaluation: control is here when `node` has been evaluated (for a jump: when it is taken). */
export interface FlowPoint {
  readonly node: Node;
  /** Where control may go when nothing is thrown. */
  readonly next: FlowPoint[];
  /** Where it may go when evaluating `node` throws: a catch clause, a finally block, or {@link Flow.thrown}. */
  readonly thrown: FlowPoint[];
}

/** The control flow of one function body (or of a file's top level), in order of evaluation. */
export interface Flow {
  readonly entry: FlowPoint;
  /** Reached when the body ends or returns. */
  readonly exit: FlowPoint;
  /** Reached when the body throws. */
  readonly thrown: FlowPoint;
  /** All points of a node: more than one where a finally block is entered in several ways. */
  pointsOf(node: Node): readonly FlowPoint[];
}

/** Where abrupt completions go at some place in the code. Each may first pass through finally blocks. */
interface Targets {
  throws: () => FlowPoint;
  returns: () => FlowPoint;
  breaks: ReadonlyMap<string, () => FlowPoint>;
  continues: ReadonlyMap<string, () => FlowPoint>;
}

/** The name under which an unlabelled break or continue looks its target up. */
const unlabelled = '';

/**
 * Builds the control flow of a function or of a whole file. Nested functions are one point each: what they do when
 * called is theirs. Any call, `new`, `await`, `yield` or tagged template may throw.
 */
export function buildFlow(root: FunctionNode | SourceFile): Flow {
  return new FlowBuilder(root).flow;
}

class FlowBuilder {
  readonly flow: Flow;
  private readonly points = new Map<Node, FlowPoint[]>();
  /** Control is at the end of these points: the next point follows each. */
  private ends: FlowPoint[] = [];
  private targets: Targets;
  /** Labels of the statement about to be built. */
  private labels: string[] = [];

  constructor(root: FunctionNode | SourceFile) {
    const edge = (): FlowPoint => ({ node: root, next: [], thrown: [] });
    const [entry, exit, thrown] = [edge(), edge(), edge()];
    this.targets = { throws: () => thrown, returns: () => exit, breaks: new Map(), continues: new Map() };
    this.flow = { entry, exit, thrown, pointsOf: (node) => this.points.get(node) ?? [] };
    this.ends = [entry];
    if (isFunctionNode(root)) {
      for (const parameter of root.parameters) this.expression(parameter.initializer);
      if (root.body && isBlock(root.body)) this.statement(root.body);
      else this.expression(root.body);
    } else {
      for (const statement of root.statements) this.statement(statement);
    }
    this.join(exit);
  }

  /** A point that every open end leads to, and that is the open end from now on. */
  private point(node: Node, throws = false): FlowPoint {
    const point: FlowPoint = { node, next: [], thrown: [] };
    this.join(point);
    this.ends = [point];
    const known = this.points.get(node);
    if (known) known.push(point);
    else this.points.set(node, [point]);
    if (throws) point.thrown.push(this.targets.throws());
    return point;
  }


  private join(target: FlowPoint): void {
    for (const end of this.ends) end.next.push(target);
    this.ends = [];
  }

  /** Runs `build` from the same place twice or more; control goes on from the ends of all. */
  private branches(...builds: (() => void)[]): void {
    const start = this.ends;
    const all: FlowPoint[] = [];
    for (const build of builds) {
      this.ends = [...start];
      build();
      all.push(...this.ends);
    }
    this.ends = all;
  }

  private within(targets: Partial<Targets>, build: () => void): void {
    const outer = this.targets;
    this.targets = { ...outer, ...targets };
    build();
    this.targets = outer;
  }

  private statement(node: Statement): void {
    const labels = this.labels;
    this.labels = [];
    if (isBlock(node) || isModuleBlock(node)) {
      for (const one of node.statements) this.statement(one);
    } else if (isIfStatement(node)) {
      const { expression, thenStatement, elseStatement } = node;
      this.expression(expression);
      this.branches(
        () => this.statement(thenStatement),
        () => elseStatement && this.statement(elseStatement),
      );
    } else if (isWhileStatement(node)) {
      this.loop(labels, { test: node.expression, body: node.statement });
    } else if (isDoStatement(node)) {
      this.loop(labels, { lastTest: node.expression, body: node.statement });
    } else if (isForStatement(node)) {
      this.expression(node.initializer);
      this.loop(labels, { test: node.condition, update: node.incrementor, body: node.statement });
    } else if (isForInStatement(node) || isForOfStatement(node)) {
      this.iteration(node, labels);
    } else if (isSwitchStatement(node)) {
      this.switchStatement(node, labels);
    } else if (isTryStatement(node)) {
      this.tryStatement(node);
    } else if (isLabeledStatement(node)) {
      this.labelled([...labels, node.label.text], node.statement);
    } else if (isReturnStatement(node)) {
      this.expression(node.expression);
      this.jump(node, this.targets.returns);
    } else if (isThrowStatement(node)) {
      this.expression(node.expression);
      this.jump(node, this.targets.throws, true);
    } else if (isBreakStatement(node) || isContinueStatement(node)) {
      const targets = isBreakStatement(node) ? this.targets.breaks : this.targets.continues;
      const target = targets.get(node.label?.text ?? unlabelled);
      if (target) this.jump(node, target);
    } else if (!declaresOnly.has(node.kind)) {
      this.expression(node);
    }
  }

  /** Control leaves for a target; what follows in the text is not reached from here. */
  private jump(node: Node, target: () => FlowPoint, throws = false): void {
    const point = this.point(node);
    (throws ? point.thrown : point.next).push(target());
    this.ends = [];
  }

  private labelled(labels: string[], statement: Statement): void {
    const after: FlowPoint = { node: statement, next: [], thrown: [] };
    const breaks = new Map(this.targets.breaks);
    for (const label of labels) breaks.set(label, () => after);
    this.within({ breaks }, () => {
      this.labels = labels;
      this.statement(statement);
    });
    this.join(after);
    this.ends = [after];
  }

  private loop(labels: readonly string[], parts: { test?: Expression; lastTest?: Expression; update?: Expression; body: Statement }): void {
    const { test, lastTest, update, body } = parts;
    const again: FlowPoint = { node: body, next: [], thrown: [] };
    const after: FlowPoint = { node: body, next: [], thrown: [] };
    const step: FlowPoint = { node: body, next: [], thrown: [] };
    this.join(again);
    this.ends = [again];
    if (test) {
      this.expression(test);
      if (!isTrue(test)) for (const end of this.ends) end.next.push(after);
    }
    this.loopBody(labels, after, step, () => this.statement(body));
    this.join(step);
    this.ends = [step];
    if (lastTest) {
      this.expression(lastTest);
      if (!isTrue(lastTest)) for (const end of this.ends) end.next.push(after);
    }
    this.expression(update);
    this.join(again);
    this.ends = [after];
  }

  private loopBody(labels: readonly string[], after: FlowPoint, step: FlowPoint, build: () => void): void {
    const breaks = new Map(this.targets.breaks).set(unlabelled, () => after);
    const continues = new Map(this.targets.continues).set(unlabelled, () => step);
    for (const label of labels) continues.set(label, () => step);
    this.within({ breaks, continues }, build);
  }

  private iteration(node: ForInStatement | ForOfStatement, labels: readonly string[]): void {
    const { expression, initializer, statement } = node;
    this.expression(expression);
    const after: FlowPoint = { node, next: [], thrown: [] };
    // The loop's own point: the next element is asked for (and, in for await, waited for).
    const step = this.point(node, true);
    step.next.push(after);
    this.expression(initializer);
    this.loopBody(labels, after, step, () => this.statement(statement));
    this.join(step);
    this.ends = [after];
  }

  private switchStatement(node: SwitchStatement, labels: readonly string[]): void {
    const { expression, caseBlock } = node;
    this.expression(expression);
    const after: FlowPoint = { node, next: [], thrown: [] };
    const breaks = new Map(this.targets.breaks).set(unlabelled, () => after);
    for (const label of labels) breaks.set(label, () => after);
    let fallsIn: FlowPoint[] = [];
    let untested = this.ends;
    let defaultEnds: FlowPoint[] | undefined;
    this.within({ breaks }, () => {
      for (const clause of caseBlock.clauses) {
        const test = isCaseClause(clause) ? clause.expression : undefined;
        this.ends = untested;
        if (test) this.expression(test);
        untested = [...this.ends];
        const start: FlowPoint = { node: clause, next: [], thrown: [] };
        if (test) this.join(start);
        else defaultEnds = [start];
        for (const end of fallsIn) end.next.push(start);
        this.ends = [start];
        for (const statement of clause.statements) this.statement(statement);
        fallsIn = this.ends;
      }
    });
    // What no case matched goes to the default clause, wherever that stands.
    for (const end of untested) end.next.push(defaultEnds?.[0] ?? after);
    this.ends = fallsIn;
    this.join(after);
    this.ends = [after];
  }

  private tryStatement(node: TryStatement): void {
    const { tryBlock, catchClause, finallyBlock } = node;
    const outer = this.targets;
    // A finally block is built once for each way through it, so that a return does not seem to go on after the try.
    const through = (target: () => FlowPoint, thrown = false): (() => FlowPoint) => {
      if (!finallyBlock) return target;
      let entry: FlowPoint | undefined;
      return () => {
        if (entry) return entry;
        entry = { node: finallyBlock, next: [], thrown: [] };
        const ends = this.ends;
        this.ends = [entry];
        const inner = this.targets;
        this.targets = outer;
        this.statement(finallyBlock);
        this.targets = inner;
        for (const end of this.ends) (thrown ? end.thrown : end.next).push(target());
        this.ends = ends;
        return entry;
      };
    };
    const viaFinally: Targets = {
      throws: through(outer.throws, true),
      returns: through(outer.returns),
      breaks: new Map([...outer.breaks].map(([label, target]) => [label, through(target)])),
      continues: new Map([...outer.continues].map(([label, target]) => [label, through(target)])),
    };
    const caught: FlowPoint | undefined = catchClause && { node: catchClause, next: [], thrown: [] };
    this.within(caught ? { ...viaFinally, throws: () => caught } : viaFinally, () => this.statement(tryBlock));
    if (catchClause && caught) {
      const ends = this.ends;
      this.ends = [caught];
      this.within(viaFinally, () => this.statement(catchClause.block));
      this.ends = [...ends, ...this.ends];
    }
    if (finallyBlock) this.statement(finallyBlock);
  }

  /** Points of an expression (or of any other node, by its children), operands before the whole. */
  private expression(node: Node | undefined): void {
    if (!node) return;
    if (isFunctionNode(node)) {
      this.point(node);
      return;
    }
    if (isBinaryExpression(node)) {
      this.binary(node);
    } else if (isConditionalExpression(node)) {
      this.expression(node.condition);
      this.branches(
        () => this.expression(node.whenTrue),
        () => this.expression(node.whenFalse),
      );
    } else if (isVariableDeclaration(node)) {
      this.expression(node.initializer);
      if (!isIdentifier(node.name)) this.expression(node.name);
      this.point(node);
    } else if (isCallExpression(node)) {
      this.expression(node.expression);
      const rest = (): void => {
        for (const argument of node.arguments) this.expression(argument);
        this.point(node, true);
      };
      if (node.questionDotToken) this.branches(rest, () => undefined);
      else rest();
    } else if (mayThrow.has(node.kind)) {
      node.forEachChild((child) => this.expression(child));
      this.point(node, true);
    } else if (isIdentifier(node) || isClassDeclaration(node) || isClassExpression(node)) {
      this.point(node);
    } else if (!isTypeNode(node)) {
      node.forEachChild((child) => this.expression(child));
    }
  }

  private binary(node: BinaryExpression): void {
    const { left, right, operatorToken } = node;
    if (shortCircuits.has(operatorToken.kind)) {
      this.expression(left);
      this.branches(
        () => this.expression(right),
        () => undefined,
      );
    } else {
      // The target of an assignment is written when the value is there.
      const [first, second] = operatorToken.kind === SyntaxKind.EqualsToken ? [right, left] : [left, right];
      this.expression(first);
      this.expression(second);
    }
    this.point(node);
  }
}

const mayThrow = new Set<SyntaxKind>([
  SyntaxKind.NewExpression,
  SyntaxKind.AwaitExpression,
  SyntaxKind.YieldExpression,
  SyntaxKind.TaggedTemplateExpression,
]);

/** Statements in which nothing runs where they stand. */
const declaresOnly = new Set<SyntaxKind>([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
]);

const shortCircuits = new Set<SyntaxKind>([
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
  SyntaxKind.AmpersandAmpersandEqualsToken,
  SyntaxKind.BarBarEqualsToken,
  SyntaxKind.QuestionQuestionEqualsToken,
]);

function isTrue(node: Expression): boolean {
  return node.kind === SyntaxKind.TrueKeyword;
}
