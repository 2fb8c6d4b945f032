import Queue, { type RequestQueue } from 'kafkajs/src/network/requestQueue/index.js';

let quiet = false;

/**
 * kafkajs 2.2.4 keeps a timer of 1 ms running on each connection although it only serves requests that wait for their
 * turn. Here it runs while there are such requests, so that an idle connection lets the processor sleep.
 */
export function quietRequestQueues(): void {
  if (quiet) return;
  quiet = true;
  const { scheduleCheckPendingRequests } = Queue.prototype;
  Queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
  };
}
