/** Record of a flow, 64 bytes; numbers little-endian, addresses and ids in network order. */
export const FLOW_RECORD: i32 = 64;

export enum FlowField {
  /** u32; 0: the record is free. */
  Context = 0,
  /** u32 root context; in a free record the next free one. */
  Root = 4,
  /** 16 bytes. */
  Source = 8,
  /** 16 bytes. */
  Destination = 24,
  /** u32 protocol << 16 | port. */
  Key = 40,
  /** u32 path id. */
  Path = 44,
  /** 8 bytes node id. */
  SourceNode = 48,
  /** u8. */
  KeyGeneration = 57,
  /** u8 FlowState. */
  State = 58,
  /** u32: when a held flow is given up, low 32 bits of milliseconds. */
  Deadline = 60,
}

/** What a record says while its flow is held: nothing of it is decided yet. */
export enum HeldField {
  /** 16 bytes: address of the TLS peer. */
  PeerAddress = 8,
  /** u32: where the flow stands in the list of held ones. */
  Place = 44,
  /** u64: hash of the TLS peer's SPIFFE id. */
  PeerIdentity = 48,
}
