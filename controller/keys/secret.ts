const SHOWN = "[secret]";

/** Key bytes that no log, error message, JSON or inspection shows; only `reveal` gives them. */
export class Secret {
  readonly #bytes: Uint8Array;

  /** Keeps a copy. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
  }

  /** The bytes themselves, to compute with or to put into an image; not to be changed. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  /** What `console.log` and `util.inspect` print. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}
