/** The part of kafkajs's inside that shared/events/kafka-request-queue.ts mends. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  export type RequestQueue = { readonly pending: readonly unknown[]; scheduleCheckPendingRequests(): void };
  const Queue: { prototype: RequestQueue };
  export default Queue;
}
