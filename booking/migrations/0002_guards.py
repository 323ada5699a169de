"""What models cannot say: the number sequence, the history that only grows, lines that sum up."""

from django.db import migrations

from totetaxi.lib.insert_only import insert_only

# Checked at commit, because lines and total change in several statements of one transaction.
LINES_SUM_TO_TOTAL = """
CREATE FUNCTION booking_lines_sum_to_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  checked_id uuid;
  total bigint;
  lines_sum bigint;
BEGIN
  IF TG_TABLE_NAME = 'booking_booking' THEN
    checked_id := NEW.id;
  ELSIF TG_OP = 'DELETE' THEN
    checked_id := OLD.booking_id;
  ELSE
    checked_id := NEW.booking_id;
  END IF;
  SELECT total_price_cents INTO total FROM booking_booking WHERE id = checked_id;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT COALESCE(SUM(amount_cents), 0) INTO lines_sum
    FROM booking_bookingline WHERE booking_id = checked_id;
  IF lines_sum <> total THEN
    RAISE EXCEPTION 'lines of booking % sum to % cents, its total is %', checked_id, lines_sum, total
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER booking_total_is_sum_of_lines
  AFTER INSERT OR UPDATE OF total_price_cents ON booking_booking
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_lines_sum_to_total();
CREATE CONSTRAINT TRIGGER booking_line_sums_to_total
  AFTER INSERT OR UPDATE OR DELETE ON booking_bookingline
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_lines_sum_to_total();
"""
DROP_SUM = """
DROP TRIGGER booking_line_sums_to_total ON booking_bookingline;
DROP TRIGGER booking_total_is_sum_of_lines ON booking_booking;
DROP FUNCTION booking_lines_sum_to_total();
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="CREATE SEQUENCE booking_number_seq;",
            reverse_sql="DROP SEQUENCE booking_number_seq;",
        ),
        insert_only("booking_bookingevent"),
        migrations.RunSQL(sql=LINES_SUM_TO_TOTAL, reverse_sql=DROP_SUM),
    ]
