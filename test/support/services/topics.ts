import { randomUUID } from 'node:crypto';

import type { Topic } from '../../../shared/events/event-log.ts';

/** The same topics under names that no other test file uses. */
export function renamed(topics: readonly Topic[], prefix = topicPrefix()): Topic[] {
  return topics.map((topic) => ({ ...topic, name: `${prefix}${topic.name}` }));
}

/** Put before a topic's or a group's name it makes it the calling test file's own. */
export function topicPrefix(): string {
  return `t${randomUUID().slice(0, 8)}-`;
}
