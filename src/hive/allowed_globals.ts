const ECMASCRIPT = `
  AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array
  Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array
  Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map
  Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
  SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal TypeError URIError
  Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape globalThis isFinite isNaN parseFloat
  parseInt undefined unescape
`;

const WEB = `
  AbortController AbortSignal Blob BroadcastChannel ByteLengthQueuingStrategy Cache CacheStorage
  CloseEvent CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException
  DOMMatrix DOMMatrixReadOnly DOMPoint DOMPointReadOnly DOMQuad DOMRect DOMRectReadOnly
  DecompressionStream ErrorEvent Event EventSource EventTarget File FileReader FormData Headers
  ImageBitmap ImageBitmapRenderingContext ImageData Lock LockManager MessageChannel MessageEvent
  MessagePort OffscreenCanvas Performance PerformanceEntry PerformanceMark PerformanceMeasure
  PerformanceObserver PerformanceObserverEntryList ProgressEvent PromiseRejectionEvent
  QuotaExceededError ReadableByteStreamController ReadableStream ReadableStreamBYOBReader
  ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request
  Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream
  TransformStreamDefaultController URL URLPattern URLSearchParams WebAssembly WebSocket Worker
  WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa caches
  clearInterval clearTimeout console createImageBitmap crypto fetch navigator performance
  queueMicrotask reportError setInterval setTimeout structuredClone
  GPU GPUAdapter GPUAdapterInfo GPUBindGroup GPUBindGroupLayout GPUBuffer GPUBufferUsage
  GPUCanvasContext GPUColorWrite GPUCommandBuffer GPUCommandEncoder GPUCompilationInfo
  GPUCompilationMessage GPUComputePassEncoder GPUComputePipeline GPUDevice GPUDeviceLostInfo
  GPUError GPUInternalError GPUMapMode GPUOutOfMemoryError GPUPipelineError GPUPipelineLayout
  GPUQuerySet GPUQueue GPURenderBundle GPURenderBundleEncoder GPURenderPassEncoder
  GPURenderPipeline GPUSampler GPUShaderModule GPUShaderStage GPUSupportedFeatures
  GPUSupportedLimits GPUTexture GPUTextureUsage GPUTextureView GPUUncapturedErrorEvent
  GPUValidationError
`;

/**
 * The ECMAScript and Web globals that mean the same in a bee as where the function was written.
 *
 * Left out are the scope's own properties (see {@linkcode SCOPE_PROPERTIES}), what only the main
 * thread has (`alert`, `localStorage`), what only Deno or Node has (`Deno`, `process`, `Buffer`),
 * and `eval`, because names in the text that it runs cannot be checked.
 */
export const ALLOWED_GLOBALS: ReadonlySet<string> = new Set(
  `${ECMASCRIPT} ${WEB}`.trim().split(/\s+/),
);

/**
 * Names that every worker has of its own: a variable of that name outside a function would be
 * replaced in silence, as `name` by `""`.
 */
export const SCOPE_PROPERTIES: ReadonlySet<string> = new Set([
  "addEventListener",
  "close",
  "closed",
  "constructor",
  "dispatchEvent",
  "location",
  "name",
  "onerror",
  "onmessage",
  "onmessageerror",
  "onunhandledrejection",
  "origin",
  "postMessage",
  "removeEventListener",
  "self",
  "toString",
  "valueOf",
]);

/** Names that Deno or Node define beyond ECMAScript and the Web. */
export const RUNTIME_GLOBALS: ReadonlySet<string> = new Set([
  "Buffer",
  "Deno",
  "clearImmediate",
  "global",
  "process",
  "require",
  "setImmediate",
]);
