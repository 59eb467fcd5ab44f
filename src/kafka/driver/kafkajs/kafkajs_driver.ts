import { denoRuntime } from "../../../runtime/deno_runtime.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import { connectCluster } from "../client/client_cluster.ts";
import type { ConnectionOptions, KafkaCluster, KafkaDriver } from "../driver.ts";
import { KafkajsDialer } from "./kafkajs_dialer.ts";
import type { KafkajsPackage } from "./kafkajs_package.ts";

/** Reaches Kafka by connections of npm:kafkajs. */
export class KafkajsDriver implements KafkaDriver {
  readonly name = "kafkajs";
  readonly #kafkajs: KafkajsPackage;

  /** With the package, of which version 2.2.4 is known to fit. */
  constructor(kafkajs: KafkajsPackage) {
    this.#kafkajs = kafkajs;
  }

  async connect(
    options: ConnectionOptions,
    { signal, runtime = denoRuntime }: { signal?: AbortSignal; runtime?: Runtime } = {},
  ): Promise<KafkaCluster> {
    const dialer = new KafkajsDialer(this.#kafkajs, options, runtime);
    return await connectCluster(dialer, options, { signal, runtime });
  }
}
