/**
 * The fields of a configuration, key and value in turn: lines `key=value`, or, because Istio's WasmPlugin can say
 * nothing else, one flat JSON object of plain strings. Null if it is neither.
 */
export function configFields(text: string): string[] | null {
  return text.startsWith("{") ? new JsonFields(text).read() : lineFields(text);
}

function lineFields(text: string): string[] | null {
  const fields: string[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (line.length == 0) continue;
    const equals = line.indexOf("=");
    if (equals < 0) return null;
    fields.push(line.substring(0, equals));
    fields.push(line.substring(equals + 1));
  }
  return fields;
}

class JsonFields {
  private at: i32 = 0;

  constructor(private readonly text: string) {}

  read(): string[] | null {
    const fields: string[] = [];
    if (!this.take(0x7b)) return null;
    do {
      if (!this.string(fields) || !this.take(0x3a) || !this.string(fields)) return null;
    } while (this.take(0x2c));
    if (!this.take(0x7d)) return null;
    this.skipSpace();
    return this.at == this.text.length ? fields : null;
  }

  /** A string without escapes: our values need none. */
  private string(to: string[]): bool {
    if (!this.take(0x22)) return false;
    const end = this.text.indexOf('"', this.at);
    if (end < 0) return false;
    const value = this.text.substring(this.at, end);
    if (value.includes("\\")) return false;
    to.push(value);
    this.at = end + 1;
    return true;
  }

  private take(char: i32): bool {
    this.skipSpace();
    if (this.at >= this.text.length || this.text.charCodeAt(this.at) != char) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    while (this.at < this.text.length && this.isSpace(this.text.charCodeAt(this.at))) this.at++;
  }

  private isSpace(char: i32): bool {
    return char == 0x20 || char == 0x0a || char == 0x0d || char == 0x09;
  }
}
