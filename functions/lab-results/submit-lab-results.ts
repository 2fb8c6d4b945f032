import type { ReceivedBody } from '../../schemas/api/contract.ts';
import type { submitLabResults as contract } from '../../schemas/api/lab-results.ts';
import type { Answer, Operation, RequestContext, WrittenAnswer } from '../../shared/runtime/function.ts';
import { acknowledgeBundle, acknowledgeEvent, acknowledgeMessages, type Handled } from './acknowledge-messages.ts';
import type { Deps } from './deps.ts';
import { fhir, hl7, ownJson, type ParsedContent, type ReadContent, readContent } from './lab-content.ts';
import { dataOfEvent } from './submitted-event.ts';
import { takeMessages } from './take-messages.ts';

type Accepted = { id: string; status: 'accepted' | 'repeated' };

/**
 * `POST /{country}/lab-results`: answers when what was sent is durable in the log. A message that was taken before is answered
 * as it was then; other content under its number is put aside, and its sender told so.
 */
export function submitLabResults(deps: Deps): Operation<typeof contract> {
  return async ({ country, received }, context) => {
    switch (received.mediaType) {
      case hl7:
        return acknowledgeMessages(await handle(deps, received, { mediaType: hl7, country }, context), deps.now());
      case fhir:
        return acknowledgeBundle(await handle(deps, received, { mediaType: fhir, country }, context));
      default:
        return takeEvent(deps, received, country, context);
    }
  };
}

async function takeEvent(
  deps: Deps,
  received: ReceivedBody,
  country: string,
  context: RequestContext,
): Promise<Answer<Accepted> | WrittenAnswer> {
  const bytes = Buffer.from(JSON.stringify(await dataOfEvent(received)));
  return acknowledgeEvent(await handle(deps, { bytes }, { mediaType: ownJson, country }, context));
}

/** Reads what was sent and takes what can be read. */
async function handle(
  deps: Deps,
  { bytes }: Pick<ReceivedBody, 'bytes'>,
  { mediaType, country }: { readonly mediaType: typeof hl7 | typeof fhir | typeof ownJson; readonly country: string },
  { caller, traceparent }: RequestContext,
): Promise<Handled[]> {
  const reads = await readContent({ mediaType, bytes, sender: caller.subject }, { ...deps, country });
  const parsed = reads.filter(isParsed);
  const at = { country, now: deps.now(), traceparent };
  const taken = parsed.length > 0 ? await takeMessages(deps, parsed, at) : [];
  return reads.map((read) => ({ read, taken: isParsed(read) ? taken[parsed.indexOf(read)] : undefined }));
}

function isParsed(read: ReadContent): read is ParsedContent {
  return read.outcome === 'parsed';
}
