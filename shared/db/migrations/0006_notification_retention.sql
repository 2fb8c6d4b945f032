-- Old visits are forgotten with their reminders.
ALTER TABLE notification.reminders
  DROP CONSTRAINT reminders_booking_id_fkey,
  ADD CONSTRAINT reminder_booking FOREIGN KEY (booking_id) REFERENCES notification.bookings (booking_id)
    ON DELETE CASCADE;
--> statement-breakpoint
CREATE INDEX bookings_by_end ON notification.bookings (slot_end);
--> statement-breakpoint
CREATE INDEX deliveries_by_age ON notification.deliveries (created_at);
--> statement-breakpoint
GRANT DELETE ON notification.bookings, notification.deliveries TO careflow_notification;
