import type { Template } from '../template.ts';

export const bookingRescheduledEn: Template = {
  patient: {
    subject: 'Appointment moved: {date} at {time}',
    text: `Hello,

The appointment of {previousDate} at {previousTime} has moved.

With: {practitioner}
New date: {date}
Time: {time} ({zone})
Place: {place}

The attached invitation updates your calendar. To move it again or cancel it, open your Careflow account.

Reference: {reference}
`,
    sms: 'Appointment with {practitioner} moved to {day} at {time}, {place}',
    calendar: 'Appointment with {practitioner}',
  },
  practitioner: {
    subject: 'Appointment moved: {date} at {time}',
    text: `Hello,

The appointment of {previousDate} at {previousTime} has moved.

New date: {date}
Time: {time} ({zone})
Place: {place}

The attached invitation updates your calendar.

Reference: {reference}
`,
    sms: 'Appointment moved to {day} at {time}. Ref. {reference}',
    calendar: 'Appointment',
  },
};
