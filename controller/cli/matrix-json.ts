import { Cell, type CellException, type Matrix } from "../matrix/matrix.ts";

/** The cells as pieces of one JSON text, a source's at a time: of large worlds it is longer than a string may be. */
export function* matrixJson(matrix: Matrix): Generator<string> {
  const to = matrix.names.map((name) => `,"to":${JSON.stringify(name)}`);
  const ports = matrix.ports.map(({ protocol, port }) => `,"protocol":"${protocol}","port":${port}`);
  yield '{"cells":[';
  for (const [i, name] of matrix.names.entries()) {
    const from = `{"from":${JSON.stringify(name)}`;
    const cells = to.flatMap((destination, j) =>
      ports.map((port, p) => {
        const exceptions = matrix.exceptions(i, j, p).map(exceptionJson);
        const more = exceptions.length === 0 ? "" : `,"exceptions":[${exceptions.join()}]`;
        return `${from}${destination}${port},${ANSWERS[matrix.cell(i, j, p)]}${more}}`;
      }),
    );
    yield cells.join(",\n") + (i + 1 < matrix.names.length ? "," : "");
  }
  yield "]}";
}

/** By bits of `Cell`. */
const ANSWERS = Array.from({ length: 8 }, (_, cell) => {
  const word = (bit: Cell) => ((cell & bit) === 0 ? '"deny"' : '"allow"');
  return `"ingress":${word(Cell.Ingress)},"egress":${word(Cell.Egress)},"verdict":${word(Cell.Verdict)}`;
});

function exceptionJson({ from, to, cell }: CellException): string {
  return `{"from":"${from}","to":"${to}",${ANSWERS[cell]}}`;
}
