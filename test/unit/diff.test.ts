import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { portsText } from "../../controller/diff/port-text.ts";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const SHOP = "manifests/samples/shop";

/** Runs `use` with a copy of the shop in which one text of one file is another. */
function withEdit<T>(file: string, was: string, becomes: string, use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    await cp(SHOP, folder, { recursive: true });
    const text = await readFile(join(folder, file), "utf8");
    expect(text).toContain(was);
    await writeFile(join(folder, file), text.replace(was, becomes));
    return use(folder);
  });
}

describe("an edit of the shop", () => {
  const edits = [
    {
      name: "a range of ports opens",
      ...{ file: "policy-shop.yaml", was: "- port: pg", becomes: "- {port: 5000, endPort: 6000}" },
      ...{ code: 0, out: "No flow opens, closes or takes another way." },
    },
    {
      name: "a rule for more ports at the destination opens what the source may",
      ...{ file: "policy-data.yaml", was: "      ports:\n        - port: pg\n", becomes: "" },
      ...{ code: 0, out: "No flow opens, closes or takes another way." },
    },
    {
      name: "another port opens and the one before closes",
      ...{ file: "endpoints.yaml", was: "{ name: pg, port: 5432 }", becomes: "{ name: pg, port: 5433 }" },
      ...{ code: 3, out: "Opens\n  shop/api -> data/db: TCP 5433\n\nCloses\n  shop/api -> data/db: TCP 5432" },
    },
    {
      name: "a label is gone, and with it all that it gave",
      ...{ file: "endpoints.yaml", was: "labels: { app: api }", becomes: "labels: { app: apy }" },
      ...{ code: 3, out: "Closes\n  shop/api -> data/db: TCP 5432\n  shop/web -> shop/api: TCP 8080" },
    },
    {
      name: "outsiders get in",
      ...{
        file: "policy-data.yaml",
        was: "    - from:\n",
        becomes: "    - from:\n        - ipBlock: {cidr: 10.0.0.0/8, except: [10.77.0.0/16]}\n",
      },
      ...{ code: 3, out: "Opens\n  10.0.0.0-10.76.255.255, 10.78.0.0-10.255.255.255 -> data/db: TCP 5432" },
    },
    {
      name: "a member's whole egress opens",
      ...{
        file: "policy-shop.yaml",
        was: "  egress:\n    - to:\n        - podSelector:\n            matchLabels: { app: api }\n      ports:\n        - port: 8080\n",
        becomes: "  egress: [{}]\n",
      },
      ...{ code: 3, out: "Opens\n  shop/web -> 0.0.0.0/0: everything" },
    },
    {
      name: "flows take another way",
      ...{ file: "overlay.yaml", was: "path: [edge-a, edge-b]", becomes: "path: [edge-b]" },
      ...{
        code: 3,
        out: `Takes another way
  guest/intruder -> 0.0.0.0/0: everything, through edge-b instead of edge-a, edge-b
  shop/api -> data/db: TCP 5432, through edge-b instead of edge-a, edge-b
  shop/web -> shop/api: TCP 8080, through edge-b instead of edge-a, edge-b`,
      },
    },
    {
      name: "a member is new",
      ...{ file: "endpoints.yaml", was: "  name: intruder", becomes: "  name: stranger" },
      ...{
        code: 3,
        out: `Opens
  guest/stranger (new) -> 0.0.0.0/0: everything

Closes
  guest/intruder (gone) -> 0.0.0.0/0: everything

New members: guest/stranger

Members gone: guest/intruder`,
      },
    },
  ];

  test.each(edits)("$name", ({ file, was, becomes, code, out }) =>
    withEdit(file, was, becomes, async (folder) => {
      expect(await sallyport("diff", SHOP, folder)).toEqual({ code, out, error: "" });
    }),
  );

  const PORT = "{ name: pg, port: 5432 }";
  test("as markdown", () =>
    withEdit("endpoints.yaml", PORT, "{ name: pg, port: 5433 }", async (folder) => {
      expect((await sallyport("diff", folder, SHOP, "-o", "markdown")).out).toBe(
        `### Opens

| from | to | ports |
| --- | --- | --- |
| shop/api | data/db | TCP 5432 |

### Closes

| from | to | ports |
| --- | --- | --- |
| shop/api | data/db | TCP 5433 |`,
      );
    }));

  test("as JSON, with fields that stay", () =>
    withEdit("endpoints.yaml", PORT, "{ name: pg, port: 5433, protocol: UDP }", async (folder) => {
      expect(JSON.parse((await sallyport("diff", SHOP, folder, "-o", "json")).out)).toEqual({
        changes: [
          {
            ...{ change: "closes", overlay: "shop", family: "IPv4", from: ["shop/api"], to: ["data/db"] },
            ports: [{ protocol: "TCP", first: 5432, last: 5432 }],
          },
        ],
        members: [{ overlay: "shop", added: [], removed: [] }],
      });
    }));

  test("that can't be taken as written is an error, whatever changes", () =>
    withEdit("policy-data.yaml", "ingress:", "ingres:", async (folder) => {
      const result = await sallyport("diff", SHOP, folder);
      expect(result).toMatchObject({ code: 2, out: "Closes\n  shop/api -> data/db: TCP 5432" });
      expect(result.error).toContain("spec.ingres: is not a known field; did you mean ingress?");
    }));
});

test("with another isolation, what Kubernetes leaves open closes", () =>
  withFolder(async (folder) => {
    const endpoint = (name: string, address: string) => ({
      ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "OverlayEndpoint", metadata: { name } },
      spec: { overlay: "o", namespace: "a", addresses: [address], identity: "spiffe://test/a" },
    });
    const policy = {
      ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "a", name: "deny" } },
      spec: { podSelector: {}, policyTypes: ["Ingress"] },
    };
    const members = [endpoint("one", "10.0.0.1"), endpoint("two", "10.0.0.2")];
    const list = (items: object[]) => JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await writeFile(join(folder, "old.json"), list(members));
    await writeFile(join(folder, "new.json"), list([...members, policy]));
    const [old, now] = [join(folder, "old.json"), join(folder, "new.json")];
    expect((await sallyport("diff", old, now)).out).toBe(
      `Closes
  a/one, a/two, 0.0.0.0/0 -> a/one, a/two: everything`,
    );
    expect(await sallyport("diff", old, now, "--isolation", "default-deny")).toMatchObject({ code: 0 });
  }));

describe("ports for people", () => {
  const tcp = 6 * 65536;
  const all = 0xffffff;
  const rows: [string, [number, number][]][] = [
    ["TCP 80", [[tcp + 80, tcp + 80]]],
    [
      "TCP 80, 90-99",
      [
        [tcp + 80, tcp + 80],
        [tcp + 90, tcp + 99],
      ],
    ],
    ["all TCP", [[tcp, tcp + 65535]]],
    ["TCP 65535; protocols 7-8", [[tcp + 65535, tcp + 3 * 65536 - 1]]],
    ["everything", [[0, all]]],
    [
      "everything but TCP 80",
      [
        [0, tcp + 79],
        [tcp + 81, all],
      ],
    ],
    [
      "everything but all TCP",
      [
        [0, tcp - 1],
        [tcp + 65536, all],
      ],
    ],
    ["ICMP type 8 code 0", [[65536 + 2048, 65536 + 2048]]],
    ["ICMP type 8", [[65536 + 2048, 65536 + 2303]]],
    [
      "protocols 47, 50",
      [
        [47 * 65536, 48 * 65536 - 1],
        [50 * 65536, 51 * 65536 - 1],
      ],
    ],
  ];
  test.each(rows)("%s", (text, ranges) => {
    expect(portsText(ranges.map(([first, last]) => ({ first, last })))).toBe(text);
  });
});

test("says what is wrong with a path", async () => {
  expect(await sallyport("diff", SHOP, "nowhere")).toMatchObject({
    code: 2,
    error: expect.stringContaining("nowhere: does not exist"),
  });
});
