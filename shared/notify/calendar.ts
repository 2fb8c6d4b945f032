/** An appointment as a calendar takes it. */
export type Invitation = {
  /** RFC 5546: REQUEST adds or updates the entry, CANCEL takes it away. */
  readonly method: 'REQUEST' | 'CANCEL';
  /** The same for every message about one appointment. */
  readonly uid: string;
  /** Raised by every change; a calendar ignores what is older than what it has. */
  readonly sequence: number;
  readonly stampedAt: Temporal.Instant;
  readonly start: Temporal.Instant;
  readonly end: Temporal.Instant;
  readonly summary: string;
  readonly location: string;
  readonly organizerAddress: string;
  readonly attendeeAddress: string;
};

const MAX_LINE_OCTETS = 75;

/** Writes an iCalendar object (RFC 5545) that carries one scheduling message (RFC 5546). */
export function writeCalendar(invitation: Invitation): string {
  const status = invitation.method === 'CANCEL' ? 'CANCELLED' : 'CONFIRMED';
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Careflow//Notifications//EN',
    'CALSCALE:GREGORIAN',
    `METHOD:${invitation.method}`,
    'BEGIN:VEVENT',
    `UID:${escapeText(invitation.uid)}`,
    `SEQUENCE:${invitation.sequence}`,
    `DTSTAMP:${utc(invitation.stampedAt)}`,
    `DTSTART:${utc(invitation.start)}`,
    `DTEND:${utc(invitation.end)}`,
    `SUMMARY:${escapeText(invitation.summary)}`,
    `LOCATION:${escapeText(invitation.location)}`,
    `STATUS:${status}`,
    'TRANSP:OPAQUE',
    `ORGANIZER:${mailto(invitation.organizerAddress)}`,
    `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:${mailto(invitation.attendeeAddress)}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

/** RFC 5545, 3.3.5, form 2. */
function utc(at: Temporal.Instant): string {
  return at.round({ smallestUnit: 'second', roundingMode: 'floor' }).toString().replaceAll(/[-:]/g, '');
}

/** RFC 5545, 3.3.11; what is neither text nor a line break is left out. */
function escapeText(text: string): string {
  return text
    .replaceAll(/[\\;,]/g, (special) => `\\${special}`)
    .replaceAll(/\r\n|[\n\r]/g, '\\n')
    .replaceAll(/\p{Cc}/gu, '');
}

/** RFC 6068: what is not a plain address is percent-encoded, so no address ends its line or its property. */
function mailto(address: string): string {
  return `mailto:${encodeURI(address)}`;
}

/** RFC 5545, 3.1: at most 75 octets a line, never within a character. */
function fold(line: string): string {
  const parts = [''];
  let octets = 0;
  for (const character of line) {
    const width = Buffer.byteLength(character);
    if (octets + width > MAX_LINE_OCTETS) {
      parts.push('');
      octets = 1;
    }
    parts[parts.length - 1] += character;
    octets += width;
  }
  return parts.join('\r\n ');
}
