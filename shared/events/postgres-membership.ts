import type { Subscriber } from './event-log.ts';
import type { LogDatabase } from './postgres-log-database.ts';
import { CHANNEL } from './postgres-log-listener.ts';

export type Place = { topic: string; partition: number };
/** A place in the log up to which a group is. */
export type Position = Place & { offset: bigint };

export type Membership = {
  /**
   * Renews the lease and resolves to the partitions that are this member's from now on, with their committed offsets.
   * `leave` is called with those that go to other members, before they do; it resolves to how far they are done.
   */
  renew(held: readonly Place[], leave: (places: readonly Place[]) => Position[]): Promise<Position[]>;
  /** Writes down how far the group is; a partition that is no longer this member's is left out. */
  commit(positions: readonly Position[]): Promise<void>;
  /** Commits and hands everything to the other members. */
  leave(positions: readonly Position[]): Promise<void>;
};

type Query = LogDatabase['query'];

const LEASE_SECONDS = 10;

/**
 * A member of a group. Members share the partitions out among themselves: each reckons the same shares from the table of
 * members, gives up what is not its own, and takes what is its own as soon as nobody alive holds it.
 */
export function createMembership(database: LogDatabase, memberId: string, subscriber: Subscriber): Membership {
  const { group, topics, initialOffset } = subscriber;
  const inTurn = <Result>(work: (query: Query) => Promise<Result>) =>
    database.transaction(async (query) => {
      await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`event_log group ${group}`]);
      return work(query);
    });

  async function enrol(query: Query): Promise<void> {
    const changes = await query(
      `WITH gone AS (
         DELETE FROM event_log.members
         WHERE group_name = $1 AND leased_until < clock_timestamp() AND member_id <> $2 RETURNING member_id
       ), here AS (
         INSERT INTO event_log.members (group_name, member_id, topics, leased_until)
         VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 s')
         ON CONFLICT (group_name, member_id) DO UPDATE SET leased_until = excluded.leased_until
         RETURNING member_id, xmax = 0 AS is_new
       )
       SELECT member_id FROM gone UNION ALL SELECT member_id FROM here WHERE is_new`,
      [group, memberId, topics, LEASE_SECONDS],
    );
    if (changes.length > 0) await tell(query, group);
  }

  async function share(query: Query): Promise<Place[]> {
    const members = await query<{ member_id: string; topics: string[] }>(
      'SELECT member_id, topics FROM event_log.members WHERE group_name = $1 ORDER BY member_id',
      [group],
    );
    const places = await query<Place>(
      'SELECT topic, partition FROM event_log.partitions WHERE topic = ANY($1) ORDER BY topic, partition',
      [[...new Set(members.flatMap((member) => member.topics))]],
    );
    return places.filter(({ topic }, index) => {
      const readers = members.filter((member) => member.topics.includes(topic));
      return readers[index % readers.length]?.member_id === memberId;
    });
  }

  async function claim(query: Query, places: readonly Place[]): Promise<Position[]> {
    const rows = await query<Place & { next_offset: string }>(
      `INSERT INTO event_log.positions AS held (group_name, topic, partition, next_offset, member_id)
       SELECT $1, topic, partition, CASE WHEN $5 THEN 0 ELSE next_offset END, $2
       FROM event_log.partitions JOIN unnest($3::text[], $4::int[]) AS mine (topic, partition) USING (topic, partition)
       ON CONFLICT (group_name, topic, partition) DO UPDATE SET member_id = $2
       WHERE held.member_id IS NULL OR held.member_id NOT IN (
         SELECT member_id FROM event_log.members WHERE group_name = $1 AND member_id <> $2
       )
       RETURNING topic, partition, next_offset`,
      [group, memberId, ...columns(places), initialOffset === 'earliest'],
    );
    return rows.map(({ topic, partition, next_offset }) => ({ topic, partition, offset: BigInt(next_offset) }));
  }

  async function save(query: Query, positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return;
    await query(
      `UPDATE event_log.positions AS held SET next_offset = done.next_offset
       FROM unnest($3::text[], $4::int[], $5::bigint[]) AS done (topic, partition, next_offset)
       WHERE group_name = $1 AND member_id = $2 AND held.topic = done.topic AND held.partition = done.partition`,
      [group, memberId, ...columns(positions), positions.map(({ offset }) => String(offset))],
    );
  }

  async function release(query: Query, places: readonly Place[]): Promise<void> {
    if (places.length === 0) return;
    await query(
      `UPDATE event_log.positions AS held SET member_id = NULL
       FROM unnest($3::text[], $4::int[]) AS given (topic, partition)
       WHERE group_name = $1 AND member_id = $2 AND held.topic = given.topic AND held.partition = given.partition`,
      [group, memberId, ...columns(places)],
    );
    await tell(query, group);
  }

  return {
    renew: (held, leave) =>
      inTurn(async (query) => {
        await enrol(query);
        const mine = await share(query);
        const lost = held.filter((place) => !mine.some((other) => isSame(place, other)));
        await save(query, leave(lost));
        await release(query, lost);
        return claim(query, mine);
      }),
    commit: async (positions) => {
      if (positions.length > 0) await database.transaction((query) => save(query, positions));
    },
    leave: (positions) =>
      inTurn(async (query) => {
        await save(query, positions);
        await query('UPDATE event_log.positions SET member_id = NULL WHERE group_name = $1 AND member_id = $2', [
          group,
          memberId,
        ]);
        await query('DELETE FROM event_log.members WHERE group_name = $1 AND member_id = $2', [group, memberId]);
        await tell(query, group);
      }),
  };
}

async function tell(query: Query, group: string): Promise<void> {
  await query(`SELECT pg_notify('${CHANNEL}', $1)`, [group]);
}

function columns(places: readonly Place[]): [string[], number[]] {
  return [places.map(({ topic }) => topic), places.map(({ partition }) => partition)];
}

export function isSame(one: Place, other: Place): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
