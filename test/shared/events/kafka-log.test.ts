import { inject } from 'vitest';

import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { describeEventLog } from './event-log-contract.ts';

describeEventLog('the event log in Kafka', () => openEventLog(inject('kafkaUrl'), { clientId: 'event-log-test' }));
