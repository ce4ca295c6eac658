/** What an Envoy runs, out of `/config_dump`. */

// biome-ignore lint/suspicious/noExplicitAny: Envoy's JSON, of which a few fields are looked at
type Dump = any;

export interface RunningListener {
  readonly name: string;
  readonly chains: readonly FilterChain[];
}

export interface FilterChain {
  readonly name: string;
  /** Names of network filters, and behind an HTTP connection manager those of its filters. */
  readonly filters: readonly string[];
}

export interface Running {
  readonly listeners: readonly RunningListener[];
  readonly clusters: readonly string[];
  /** Names of filters that came by themselves. */
  readonly discovered: readonly string[];
  /** What it refused, with the reason. */
  readonly errors: readonly string[];
}

export function runningIn(text: string): Running {
  const configs: Dump[] = JSON.parse(text).configs;
  // There is one of filters for HTTP and one for connections.
  const all = (type: string, field: string): Dump[] =>
    configs.filter((config) => config["@type"].endsWith(`.${type}`)).flatMap((config) => config[field] ?? []);
  const listeners = all("ListenersConfigDump", "dynamic_listeners");
  const clusters = all("ClustersConfigDump", "dynamic_active_clusters");
  const filters = all("EcdsConfigDump", "ecds_filters");
  return {
    listeners: listeners.flatMap(({ name, active_state: active }) =>
      active === undefined ? [] : [{ name, chains: chainsOf(active.listener) }],
    ),
    clusters: clusters.map(({ cluster }) => cluster.name),
    discovered: filters.flatMap(({ ecds_filter: filter }) => (filter?.name === undefined ? [] : [filter.name])),
    errors: [...listeners, ...clusters, ...filters].flatMap(({ error_state: error }) => error?.details ?? []),
  };
}

function chainsOf(listener: Dump): FilterChain[] {
  const last = listener.default_filter_chain === undefined ? [] : [listener.default_filter_chain];
  return [...(listener.filter_chains ?? []), ...last].map(({ name = "", filters = [] }: Dump) => ({
    name,
    filters: filters.flatMap(({ name, typed_config: config }: Dump) => [
      name,
      ...(config?.http_filters ?? []).map((filter: Dump) => filter.name),
    ]),
  }));
}
