/**
 * What laboratories send lies sealed where nobody knows whose it is: so long does infra/kafka/topics.yaml keep what was taken,
 * and what was not, and functions/cron/lanes.ts what nobody has decided on.
 */
export const fading = [
  { where: 'lis-results', days: 1 },
  { where: 'dead-letters-lab-results', days: 90 },
  { where: 'lab-quarantine', days: 150 },
];
