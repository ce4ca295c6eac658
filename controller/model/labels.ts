/** Of a Namespace: name of the overlay whose members its pods are. */
export const OVERLAY_LABEL = "sallyport.dev/overlay";

/** Of the pods of a gateway group, with its name: they are what the gateway's Service selects. */
export const GATEWAY_LABEL = "sallyport.dev/gateway";

/** The init container that loads a pod's rules. */
export const INIT_CONTAINER = "sallyport-init";

/** How its last words begin when it has, which are in the pod's status; they are the first line of the rules. */
export const RULES_TITLE = "# sallyport rules:";

/** Value of the label on a pod that asks to stay outside of its namespace's overlay. */
export const OPTED_OUT = "none";

/**
 * Of a NetworkPolicy that Sallyport made for the network beneath an overlay, with the overlay's name. It is no policy of
 * the overlay: it says that flows come by the gateways, not which.
 */
export const COMPANION_LABEL = "sallyport.dev/companion-of";
