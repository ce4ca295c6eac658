/** What must become of each claim about an overlay in a mesh; statuses are HTTP's, 0 is no answer. */
export const OUTCOMES: Readonly<Record<string, unknown>> = {
  "an app reaches the server by its Service's address": 200,
  "the server's proxy names the client": "spiffe://cluster.local/ns/shop/sa/client",
  // Allowed by stamp, gate, verify and guard, once each.
  "the flow passed the SaP and came out of the tunnel": ["220 server\n", 1, 1, 1, 1],
  "Istio's AuthorizationPolicy denies another service account": 403,
  "a pod reaches its own Service": 200,
  "who is no member is reached directly": "220 guest\n",

  "a plain connection to any port is refused": ["ECONNREFUSED"],
  "a probe learns the readiness of the proxy": 200,
  "a probe learns the liveness of the app": 200,
  "a namespace in another overlay is refused by the server's guard": [503, false, true],
  "the server's tunnel port refuses plain text": 0,
  "the server's tunnel port refuses who shows no certificate": "refused in TLS",
  "the SaP's tunnel port refuses plain text": 0,
  "the SaP's tunnel port refuses who shows no certificate": "refused in TLS",
  "the server's tunnel port refuses the certificate of guest": "refused in TLS",
  "the server's tunnel port refuses the certificate of annex": "refused in TLS",
  "the server's tunnel port refuses the certificate of client": "refused in TLS",

  "a process with a pod's certificate and key may do what the pod may": ["status 200", "allow"],
  "... and no more": ["status 403", "policy-ingress"],
  "a flow without a stamp is refused": ["status 403", "stamp-missing"],
  "a forged stamp is refused": ["status 403", "stamp-tag"],
  "a stamp made for another destination is refused": ["status 403", "stamp-tag"],
  "a stamp is refused from another pod of the same service account": ["status 403", "peer-address"],
  "a stamp is refused from a pod with another service account": ["status 403", "peer-identity"],
  "a stolen certificate and key are refused from another pod": ["status 403", "peer-address"],
  "the same service account is no permission": ["status 403", "policy-ingress"],
  "nobody else gets a pod's image": [0, 0, 0],
  "the image service refuses who shows no certificate": false,

  "a process with the proxy's user passes the SaP, and Istio refuses its plain text": [0, "allow"],
  "the proxy's user and SO_PRIORITY lead past the SaP, to the server's guard": "ECONNREFUSED",
  "an app gets nowhere through its own outbound port": [0, 0],
  "no stamp leads to a member's port 15000": ["status 403", "destination-forbidden"],
  "no stamp leads to a member's port 15006": ["status 403", "destination-forbidden"],
  "no stamp leads to a member's port 15042": ["status 403", "destination-forbidden"],
  "excludeOutboundPorts leads the app past its sidecar, to the server's guard": "ECONNREFUSED",
  "excludeInboundPorts opens no port: only the tunnel leads in, and through Istio's filters": [
    "ECONNREFUSED",
    200,
    403,
  ],
  "a pod without our rules is refused by the server's guard": "closed without a byte",
  "... and if that isn't there either, by the WasmPlugin": ["closed without a byte", true],
  "with the rules in place again all is well": "220 server\n",

  "a policy that denies closes open flows and pooled connections within a second": [200, true, true],
  "a policy that allows again is in force within a second": true,
  "keys change every few seconds, and no flow notices": [true, true, []],
  "raised key generation: flows of older keys are closed, new ones go on": [true, "status 403", "stamp-key-generation"],

  "istiod is killed: flows and new ones go on; it comes back: all sidecars are with it again": [200, true, 200, true],
  "the controller is killed: flows and new ones go on; another leads, and edits are in force again": [200, true, 200],
  "the only SaP is killed: nothing passes; it comes back: all is well": true,

  "every sidecar runs both listeners, the filters and the guard": [
    {
      listeners: ["guarded", "sallyport-outbound", "sallyport-tunnel"],
      clusters: ["gateway", "sallyport-app", "sallyport-control", "sallyport-deny", "sallyport-direct"],
      filters: ["guard", "sallyport.stamp", "sallyport.verify"],
    },
  ],
  // istiod's count, Envoy's, whether Envoy counted updates at all, and what it keeps of errors.
  "nothing was ever rejected, by istiod's count and by Envoy's": [0, 0, true, []],

  // The gone pod got as far as Istio's policy; what its key is worth the new one's isn't.
  "a pod with a gone pod's address and service account isn't that pod": {
    before: 403,
    after: [503, "policy-ingress"],
    replay: ["status 403", "source-mismatch or stamp-epoch"],
  },
  // Cut off as long as its pods have their rules, and not open.
  "a namespace that has left keeps nothing of ours, and its flows pass no SaP": [503, 200, 0],
};
