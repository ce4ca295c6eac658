/** Prometheus' text format, as far as it is read here: names, labels left as text, numbers. */
export interface Sample {
  readonly name: string;
  /** As it is written between the braces. */
  readonly labels: string;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;

export function samplesOf(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", number] = LINE.exec(line) ?? [];
    const value = Number(number);
    return name === undefined || Number.isNaN(value) ? [] : [{ name, labels, value }];
  });
}

/** Of the first series of that name. */
export function prometheusValue(text: string, name: string): number | undefined {
  return samplesOf(text).find((sample) => sample.name === name)?.value;
}
