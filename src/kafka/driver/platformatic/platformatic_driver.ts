import { denoRuntime } from "../../../runtime/deno_runtime.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import { connectCluster } from "../client/client_cluster.ts";
import type { ConnectionOptions, KafkaCluster, KafkaDriver } from "../driver.ts";
import { PlatformaticDialer } from "./platformatic_dialer.ts";
import type { PlatformaticPackage } from "./platformatic_package.ts";

/** Reaches Kafka by connections of npm:@platformatic/kafka. */
export class PlatformaticDriver implements KafkaDriver {
  readonly name = "platformatic";
  readonly #load: () => Promise<PlatformaticPackage>;

  /** With what loads the package, of which version 2.12.1 is known to fit. */
  constructor(load: () => Promise<PlatformaticPackage>) {
    this.#load = load;
  }

  async connect(
    options: ConnectionOptions,
    { signal, runtime = denoRuntime }: { signal?: AbortSignal; runtime?: Runtime } = {},
  ): Promise<KafkaCluster> {
    const dialer = new PlatformaticDialer(await this.#load(), options, runtime);
    return await connectCluster(dialer, options, { signal, runtime });
  }
}
