const id = '0197b3a0-0000-7000-8000-000000000001';

export const booking = {
  id,
  status: 'confirmed',
  version: 1,
  practitionerId: id,
  patientId: id,
  visitTypeId: id,
  slotStart: '2026-03-01T09:00:00Z',
  slotEnd: '2026-03-01T09:30:00Z',
} as const;

/** What any handler has to do: answer a request's JSON with JSON, and an event with nothing. */
export function answerTo(url: string | undefined, body: { readonly patientId: string }): string | undefined {
  return url === '/events' ? undefined : JSON.stringify({ ...booking, patientId: body.patientId });
}

export type Usage = { readonly cpu: NodeJS.CpuUsage; readonly rssBytes: number };

/** Tells the parent process what this one has used, when asked, and ends with it. */
export function tellUsage(): void {
  process.on('message', () => {
    const usage: Usage = { cpu: process.cpuUsage(), rssBytes: process.memoryUsage.rss() };
    process.send?.(usage);
  });
  process.once('disconnect', () => process.exit());
}
