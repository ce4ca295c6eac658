/** Secrets as Envoy's file-based SDS names them: references to files, never their content. Pure. */

/** Absolute paths. Envoy reads the files again when something is moved into `watched`. */
export interface SecretFiles {
  readonly certificate: string;
  readonly key: string;
  readonly root: string;
  readonly watched: string;
}

/** Names under which a bootstrap asks for them. */
export const CERTIFICATE_SECRET = "identity";
export const ROOT_SECRET = "roots";

const SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

/** The node's own certificate and key. */
export function certificateSecret(files: SecretFiles): object {
  return response(CERTIFICATE_SECRET, {
    tls_certificate: {
      certificate_chain: { filename: files.certificate },
      private_key: { filename: files.key },
      watched_directory: { path: files.watched },
    },
  });
}

/** What the node trusts. */
export function rootSecret(files: SecretFiles): object {
  return response(ROOT_SECRET, {
    validation_context: { trusted_ca: { filename: files.root }, watched_directory: { path: files.watched } },
  });
}

function response(name: string, secret: object): object {
  return { resources: [{ "@type": SECRET, name, ...secret }] };
}
