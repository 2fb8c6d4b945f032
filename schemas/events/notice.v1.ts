import * as z from 'zod';

import { Country, Id } from '../fields.ts';
import { eventContract } from './contract.ts';

export const NoticeReleased = eventContract({
  source: '/careflow/cron',
  topic: 'reminder-events',
  type: 'careflow.notice.released.v1',
  summary: 'Quiet hours, or the time in which a notice gathers what belongs to it, are over: it may be sent.',
  data: z.strictObject({ noticeId: Id, country: Country, patientId: Id }),
});
