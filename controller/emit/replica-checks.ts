/** How a gateway's peers find out that one of its replicas is gone. */
import { extension, type JsonObject } from "./envoy.ts";

const CHECK = "sallyport.check";

/**
 * A replica that refuses a connection, or doesn't take one in time, is passed over from that moment on, and the flow
 * tries another. The check is for one that is gone without a word, on whose connections flows would wait. It is a TCP
 * connection without TLS, since a gateway may have thousands of peers: 0.08 ms of its CPU, a handshake 0.38 ms.
 */
export function replicaChecks(): JsonObject {
  return {
    transport_socket_matches: [
      {
        name: CHECK,
        match: { [CHECK]: true },
        transport_socket: extension(
          "envoy.transport_sockets.raw_buffer",
          "extensions.transport_sockets.raw_buffer.v3.RawBuffer",
        ),
      },
    ],
    health_checks: [
      {
        // More than a second, after which the kernel sends a lost SYN again.
        timeout: "2s",
        interval: "5s",
        interval_jitter: "1s",
        unhealthy_interval: "0.5s",
        // Envoy takes these before there was any flow, also of a replica that failed its first check.
        no_traffic_interval: "1s",
        no_traffic_healthy_interval: "5s",
        unhealthy_threshold: 1,
        healthy_threshold: 1,
        tcp_health_check: {},
        transport_socket_match_criteria: { [CHECK]: true },
      },
    ],
    outlier_detection: {
      // What an app's flow ended with is none of it; and a gateway with one replica never loses that one.
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: 1,
      interval: "1s",
      // Longer than the next check takes, which takes it back if it answers.
      base_ejection_time: "10s",
      max_ejection_time: "10s",
      max_ejection_percent: 50,
      enforcing_consecutive_5xx: 0,
      enforcing_consecutive_gateway_failure: 0,
      enforcing_success_rate: 0,
      enforcing_local_origin_success_rate: 0,
    },
    // With no healthy replica left, none is tried at random: the flow fails at once.
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
  };
}

/** A request for a flow that a dead replica never answers is sent to another when its connection is given up. */
export const GATEWAY_KEEPALIVE: JsonObject = { interval: "10s", timeout: "10s" };
