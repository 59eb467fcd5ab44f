import { DialError, GARBLED } from "./link.ts";
import type { KafkaLogin } from "../kafka_login.ts";

/** The parts of an error of `node:net`, `node:tls` or kafkajs that tell why. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** What kafkajs calls a refused login, and `@platformatic/kafka`. */
const SASL = new Set(["KafkaJSSASLAuthenticationError", "PLT_KFK_AUTHENTICATION"]);
const PREFIX = /^SASL .*? (authentication )?failed: /;

/** What may be a token: not the name of an error. */
const TOKEN_LIKE = /(?<![\w+/=-])(?![A-Z_]+(?![\w+/=-]))[\w+/=-]{24,}(\.[\w+/=-]+)*/g;

/** What comes of bytes that are no answer: our own words, and those of the packages. */
const NO_ANSWER =
  /sent what no Kafka broker sends|Cannot read the broker's answer|UNEXPECTED_CORRELATION_ID/;
const REFUSED = "refused the connection (no broker is listening there)";
const UNKNOWN_NAME = "is not known by that name";
const CLOSED = "closed the connection";

/** What TLS says, in Node's codes and in those of rustls, which Deno's `node:tls` is made of. */
const TLS_REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /CERT_HAS_EXPIRED|certificate[^:]*expired|: Expired|CertExpired/i,
    "has a certificate that has expired",
  ],
  [
    /CERT_NOT_YET_VALID|NotValidYet|not (yet )?valid (yet|before)/i,
    "has a certificate that is not valid yet",
  ],
  [
    /ALTNAME|NotValidForName|not valid for (the )?name|Hostname.*does not match/i,
    "has a certificate for another name: connect by a name that it is for, or set tls.serverName",
  ],
  [
    /UNKNOWN_?ISSUER|UNABLE_TO|SELF_SIGNED|unknown ?(issuer|ca)|CaUsedAsEndEntity/i,
    "has a certificate by an authority that is not trusted: give that one's certificate as tls.ca",
  ],
  [
    /CertificateRequired|certificate required|bad ?certificate/i,
    "wants a certificate of ours: set tls.cert and tls.key",
  ],
  [/wrong version number|InvalidContentType|corrupt message/i, "does not speak TLS at this port"],
];

/** Why a connection could not be made. Passwords and tokens are never in it. */
export function dialFailure(error: Failure, login?: KafkaLogin): DialError {
  if (error instanceof DialError) return hinted(error, login);
  if (/current SASL state|ILLEGAL_SASL_STATE/.test(error.message)) {
    return new DialError(
      "takes no logins at this port: leave out sasl, or take the port that does",
      {
        isPassing: false,
      },
    );
  }
  if (SASL.has(error.name) || SASL.has(error.code ?? "")) return saslFailure(error, login);
  if (NO_ANSWER.test(`${error.code} ${error.message}`)) {
    return new DialError(GARBLED, { isPassing: true });
  }
  const text = `${error.code ?? ""} ${error.message}`;
  if (error.name === "NotCapable" || /NotCapable|Requires net access/.test(text)) {
    const flag = /env access/.test(text) ? '--allow-env="KAFKAJS_*"' : "--allow-net for it";
    return new DialError(`may not be reached: run with ${flag}`, { isPassing: false });
  }
  if (/ECONNREFUSED/.test(text)) return new DialError(REFUSED, { isPassing: true });
  if (/ENOTFOUND|EAI_|failed to lookup/.test(text)) {
    return new DialError(UNKNOWN_NAME, { isPassing: true });
  }
  if (login?.tls) {
    const reason = TLS_REASONS.find(([pattern]) => pattern.test(text));
    if (reason) return new DialError(reason[1], { isPassing: false });
    if (/before secure TLS connection/.test(text)) {
      return hinted(new DialError(CLOSED, { isPassing: true }), login);
    }
    if (/certificate|tls|ssl/i.test(text)) {
      return new DialError(`could not be reached by TLS (${withoutSecrets(text.trim(), login)})`, {
        isPassing: false,
      });
    }
  }
  if (/ECONNRESET|EPIPE|ended|closed/i.test(text)) {
    return hinted(new DialError(CLOSED, { isPassing: true }), login);
  }
  return new DialError(`could not be reached (${withoutSecrets(text.trim(), login)})`, {
    isPassing: true,
  });
}

/** What is usually behind a connection that ends before a word was said. */
function hinted(error: DialError, login?: KafkaLogin): DialError {
  if (error.message !== CLOSED) return error;
  const why = login?.tls
    ? "does it speak TLS at this port, and take our certificate?"
    : "does it want TLS or a login?";
  return new DialError(`${CLOSED} (${why})`, error);
}

function saslFailure({ message }: Failure, login?: KafkaLogin): DialError {
  const sasl = login?.sasl;
  const mechanism = sasl?.mechanism.toUpperCase() ?? "SASL";
  if (/mechanism is not supported|UNSUPPORTED_SASL_MECHANISM/.test(message)) {
    return new DialError(`does not take logins by ${mechanism}: check sasl.mechanism`, {
      isPassing: false,
    });
  }
  const who = sasl !== undefined && "username" in sasl
    ? ` of user ${JSON.stringify(sasl.username)}`
    : "";
  const said = withoutSecrets(message.replace(PREFIX, ""), login);
  const check = who === "" ? "the token" : "name and password";
  return new DialError(`refused the login${who} by ${mechanism} (${said}): check ${check}`, {
    isPassing: false,
  });
}

/** A text of somebody else without what nobody may see. */
function withoutSecrets(text: string, login?: KafkaLogin): string {
  const sasl = login?.sasl;
  const secrets = sasl !== undefined && "password" in sasl ? [sasl.password] : [];
  // A token is not known here: whatever looks like one goes.
  const plain = text.replace(TOKEN_LIKE, "[secret]");
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), plain);
}
