import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const SHOP = resolve("manifests/samples/shop");

/** Runs tests, given as YAML, against the shop. */
function run(tests: string, ...more: string[]): Promise<{ code: number; out: string; error: string }> {
  return withFolder(async (folder) => {
    const file = join(folder, "tests.yaml");
    await writeFile(file, tests);
    const { code, out, error } = await sallyport("test", file, "-f", SHOP, ...more);
    return { code, out: out.replaceAll(folder, ""), error: error.replaceAll(folder, "") };
  });
}

test("the shop's tests pass", async () => {
  expect(await sallyport("test", "manifests/samples/tests/shop.yaml")).toEqual({
    code: 0,
    error: "",
    out: `manifests/samples/tests/shop.yaml
  ok      web calls api through both gateways
  ok      api asks the database
  ok      nobody else reaches the database
  ok      the database calls nobody
  ok      an outsider reaches nobody
  ok      guest/intruder -> shop/*, data/* port 80, 8080, 5432: deny
  ok      shop/web -> shop/api port 80, 443, 8080/udp: deny

7 passed, 0 failed, 0 errors; 35 flows`,
  });
});

test("the clinic's tests pass, which need policy of every kind", async () => {
  const { code, error, out } = await sallyport("test", "manifests/samples/tests/clinic.yaml");
  expect({ code, error, out }).toEqual({
    code: 0,
    error: "",
    out: expect.stringMatching(/6 passed, 0 failed, 0 errors/),
  });
});

const FAILING = `tests:
  - { name: web calls api, from: web, to: api, port: http, expect: allow }
  - name: <web> & "db"
    from: shop/web
    to: data/db
    port: [pg, 80]
    expect: allow
  - { name: another way, from: shop/web, to: shop/api, port: 8080, expect: allow, via: edge-b }
  - { name: 'closed # 4', from: shop/api, to: data/db, port: pg, expect: deny }
  - { name: a name too much, from: shop/wep, to: data/db, port: pg, expect: deny }
`;

describe("tells what failed", () => {
  const WHY = "egress denied by NetworkPolicy shop/web, ingress denied by NetworkPolicy data/db";
  test("to people", async () => {
    expect(await run(FAILING)).toEqual({
      code: 2,
      error: "",
      out: `/tests.yaml
  ok      web calls api
  FAILED  <web> & "db"  (/tests.yaml:3)
            shop/web -> data/db port 5432/TCP is denied: ${WHY}
            shop/web -> data/db port 80/TCP is denied: ${WHY}
  FAILED  another way  (/tests.yaml:8)
            shop/web -> shop/api port 8080/TCP goes through edge-a, edge-b, not through edge-b
  FAILED  closed # 4  (/tests.yaml:9)
            shop/api -> data/db port 5432/TCP is allowed: egress allowed by NetworkPolicy shop/api egress[0], ingress allowed by NetworkPolicy data/db ingress[0]
  ERROR   a name too much  (/tests.yaml:10)
            there is no endpoint shop/wep; did you mean shop/web?

1 passed, 3 failed, 1 errors; 5 flows`,
    });
  });

  test("as TAP 14", async () => {
    expect((await run(FAILING, "-o", "tap")).out).toBe(`TAP version 14
1..5
ok 1 - web calls api
not ok 2 - <web> & "db"
  ---
  at: "/tests.yaml:3"
  severity: fail
  message:
    - "shop/web -> data/db port 5432/TCP is denied: ${WHY}"
    - "shop/web -> data/db port 80/TCP is denied: ${WHY}"
  ...
not ok 3 - another way
  ---
  at: "/tests.yaml:8"
  severity: fail
  message:
    - "shop/web -> shop/api port 8080/TCP goes through edge-a, edge-b, not through edge-b"
  ...
not ok 4 - closed \\# 4
  ---
  at: "/tests.yaml:9"
  severity: fail
  message:
    - "shop/api -> data/db port 5432/TCP is allowed: egress allowed by NetworkPolicy shop/api egress[0], ingress allowed by NetworkPolicy data/db ingress[0]"
  ...
not ok 5 - a name too much
  ---
  at: "/tests.yaml:10"
  severity: error
  message:
    - "there is no endpoint shop/wep; did you mean shop/web?"
  ...`);
  });

  test("as JUnit XML", async () => {
    const { out } = await run(FAILING, "-o", "junit");
    const lines = out.split("\n");
    expect(lines.slice(0, 6)).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>',
      "<testsuites>",
      '  <testsuite name="/tests.yaml" tests="5" failures="3" errors="1">',
      '    <testcase classname="/tests.yaml" name="web calls api" file="/tests.yaml" line="2"/>',
      '    <testcase classname="/tests.yaml" name="&lt;web&gt; &amp; &quot;db&quot;" file="/tests.yaml" line="3">',
      `      <failure message="shop/web -&gt; data/db port 5432/TCP is denied: ${WHY}">shop/web -&gt; data/db port 5432/TCP is denied: ${WHY}`,
    ]);
    expect(out).toMatch(/<error message="there is no endpoint shop\/wep; did you mean shop\/web\?">.*<\/error>/);
    expect(lines.slice(-2)).toEqual(["  </testsuite>", "</testsuites>"]);
  });

  test("with 3 when there are failures but no errors", async () => {
    const failing = "tests: [{ from: web, to: db, port: pg, expect: allow }]";
    expect(await run(failing)).toMatchObject({ code: 3 });
    expect(await run(`isolation: kubernetes\n${failing}`)).toMatchObject({ code: 3 });
  });
});

describe("takes", () => {
  const rows: { name: string; row: string; flows: number }[] = [
    { name: "lists", row: "{ from: [web, api], to: [db, intruder], port: [1, 2], expect: deny }", flows: 8 },
    { name: "everybody, but not to itself", row: '{ from: "*", to: "*", port: 1, expect: deny }', flows: 12 },
    { name: "a namespace", row: "{ from: shop/*, to: db, port: 1, expect: deny }", flows: 2 },
    { name: "a beginning", row: "{ from: shop/w*, to: db, port: 1, expect: deny }", flows: 1 },
    { name: "everybody but some", row: '{ from: ["*", "!shop/*"], to: web, port: 1, expect: deny }', flows: 2 },
    { name: "a member and itself", row: "{ from: web, to: web, port: 1, expect: allow }", flows: 1 },
    {
      name: "a name that some destinations have",
      row: '{ from: intruder, to: "*", port: http, expect: deny }',
      flows: 2,
    },
    {
      name: "an address of a member",
      row: "{ from: 10.77.0.11, to: 10.77.0.12, port: http, expect: allow }",
      flows: 1,
    },
  ];
  test.each(rows)("$name", async ({ row, flows }) => {
    expect(await run(`tests: [${row}]`)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`1 passed, 0 failed, 0 errors; ${flows} flow`),
    });
  });

  test("the isolation that the file says, or the command line", async () => {
    const row = "tests: [{ from: shop/api, to: guest/intruder, port: 5432, expect: deny }]";
    const reason = async (...more: string[]) => (await run(row.replace("deny", "allow"), ...more)).out;
    expect(await reason()).toContain("ingress denied by default deny");
    expect(await reason("--isolation", "kubernetes")).toContain("ingress allowed by default allow");
    const said = await run(`isolation: kubernetes\n${row.replace("deny", "allow")}`);
    expect(said.out).toContain("ingress allowed by default allow");
  });
});

describe("refuses with what to do", () => {
  const faults: { name: string; tests: string; says: RegExp }[] = [
    { name: "a text that isn't YAML", tests: "tests: [", says: /tests\.yaml:\d+: is not valid YAML/ },
    { name: "no tests", tests: "tests: []", says: /tests\.yaml:1: tests: must have 1 to 10000 entries, not 0/ },
    {
      name: "an unknown field",
      tests: "tests: []\ntest: 1",
      says: /tests\.yaml:2: test: is not a known field; did you mean tests\?/,
    },
    {
      name: "a test without a source",
      tests: "tests:\n- {to: a, port: 1, expect: deny}",
      says: /tests\.yaml:2: tests\[0\]\.from: /,
    },
    {
      name: "an unknown expectation",
      tests: "tests:\n- from: a\n  to: b\n  port: 1\n  expect: allowed",
      says: /tests\.yaml:5: tests\[0\]\.expect: must be allow or deny, not "allowed"; did you mean allow\?/,
    },
    {
      name: "a way of denied flows",
      tests: "tests:\n- from: a\n  to: b\n  port: 1\n  expect: deny\n  via: x",
      says: /tests\.yaml:6: tests\[0\]\.via: is for allowed flows only/,
    },
  ];
  test.each(faults)("$name", async ({ tests, says }) => {
    expect(await run(tests)).toMatchObject({ code: 2, out: "", error: expect.stringMatching(says) });
  });

  const errors: { name: string; row: string; says: RegExp }[] = [
    {
      name: "a pattern that matches nobody",
      row: "{ from: x/*, to: db, port: 1, expect: deny }",
      says: /x\/\* matches no member/,
    },
    {
      name: "a list that leaves nobody",
      row: '{ from: [web, "!shop/*"], to: db, port: 1, expect: deny }',
      says: /leaves nobody/,
    },
    {
      name: "a port name that nobody has",
      row: '{ from: web, to: "*", port: pq, expect: deny }',
      says: /has no port named pq/,
    },
    {
      name: "a port that isn't one",
      row: "{ from: web, to: db, port: 70000, expect: deny }",
      says: /ports are 1 to 65535/,
    },
  ];
  test.each(errors)("$name", async ({ row, says }) => {
    expect(await run(`tests: [${row}]`)).toMatchObject({ code: 2, out: expect.stringMatching(says) });
  });

  test("a file that isn't there", async () => {
    expect(await sallyport("test", "nowhere.yaml")).toMatchObject({
      code: 2,
      error: expect.stringContaining("nowhere.yaml: does not exist: check the path"),
    });
  });

  test("a file without a world", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "t.yaml"), "tests: [{ from: a, to: b, port: 1, expect: deny }]");
      expect(await sallyport("test", join(folder, "t.yaml"))).toMatchObject({
        code: 2,
        error: expect.stringContaining("names no world"),
      });
    }));

  test("a world of which something was rejected, after it ran", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "x.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, label: {}}");
      const more = ["-f", join(folder, "x.yaml")];
      const result = await run("tests: [{ from: web, to: db, port: pg, expect: deny }]", ...more);
      expect(result).toMatchObject({ code: 2, out: expect.stringContaining("1 passed") });
    }));
});
