/** A name and a password. */
export interface PasswordLogin {
  /** How it is proven. */
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  /** Who. */
  readonly username: string;
  /** Never shown: it stands in no message. */
  readonly password: string;
}

/** A token that somebody else gives, such as an OAuth 2 server. */
export interface TokenLogin {
  /** OAUTHBEARER, RFC 7628. */
  readonly mechanism: "oauthbearer";
  /** Gives a token that holds now; asked again when a connection is made. */
  token(): string | Promise<string>;
}

/** What TLS needs besides the system's certificates; certificates are always verified. */
export interface TlsOptions {
  /** Certificates that are trusted, PEM. Default: the system's. */
  readonly ca?: string | readonly string[];
  /** This client's certificate, PEM, where the broker wants one. */
  readonly cert?: string;
  /** Its private key, PEM. */
  readonly key?: string;
  /** The name that the broker's certificate must be for. Default: the host that is connected to. */
  readonly serverName?: string;
}

/** How a broker is convinced. */
export interface KafkaLogin {
  /** Encrypts; `true`: with the system's certificates. Default: plain text. */
  readonly tls?: boolean | TlsOptions;
  /** Says who we are. Default: nobody. */
  readonly sasl?: PasswordLogin | TokenLogin;
}
