import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { realProjects } from './real-projects';
import { comparedRules, fixtureOptions, ours, theirs, type Place, type Project } from './yardstick';

/*
 * Our promise rules against typescript-eslint's: the same files, compiler options and rule options. Every difference
 * is listed, with its reason, in differential-differences.json; one that is not, or no longer occurs, fails the test.
 */
interface Listed {
  /** Why ours is right, by a short name. */
  readonly reasons: Readonly<Record<string, string>>;
  /** By project, then by who alone reports: each place with the name of its reason. */
  readonly differences: Readonly<Record<string, { readonly theirs: Readonly<Record<Place, string>>; readonly ours: Readonly<Record<Place, string>> }>>;
}

const listed = JSON.parse(readFileSync('test/analyzer/differential-differences.json', 'utf8')) as Listed;

/** The fixtures of all rules, with the options that those of the compared rules give. */
function fixtures(): Project {
  const root = path.resolve('test/fixtures/rules');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => path.join(root, file))
    .sort();
  const options = new Map<string, { rule: string; options: Record<string, unknown> }>();
  for (const file of files) {
    const rule = path.relative(root, file).split(path.sep)[0] ?? '';
    const given = comparedRules.includes(rule) ? fixtureOptions(file) : undefined;
    if (given) options.set(file, { rule, options: given });
  }
  return { root, files, options };
}

async function compare(name: string, project: Project): Promise<void> {
  assert.ok(project.files.length > 0 && existsSync(path.join(project.root, 'tsconfig.json')), 'nothing to compare');
  const [here, there] = [ours(project), await theirs(project)];
  assert.ok(there.size > 0, 'typescript-eslint reports nothing: it did not run as meant');
  const found = {
    theirs: [...there].filter((place) => !here.has(place)).sort(),
    ours: [...here].filter((place) => !there.has(place)).sort(),
  };
  const known = listed.differences[name] ?? { theirs: {}, ours: {} };
  assert.deepEqual(found, { theirs: Object.keys(known.theirs).sort(), ours: Object.keys(known.ours).sort() }, name);
}

describe("our promise rules and typescript-eslint's", function () {
  this.timeout(300_000);

  it('list no reason that is not explained', () => {
    for (const sides of Object.values(listed.differences)) {
      for (const reason of [...Object.values(sides.theirs), ...Object.values(sides.ours)]) {
        assert.ok(listed.reasons[reason], `"${reason}" is not among the reasons`);
      }
    }
  });

  it('differ on the fixtures only where listed', () => compare('fixtures', fixtures()));

  for (const name of ['mongodb', 'fastify', 'viem']) {
    it(`differ on ${name} only where listed`, async () => {
      const project = (await realProjects()).find((one) => one.name === name);
      assert.ok(project);
      await compare(name, project);
    });
  }
});
