"""The audit only grows; a user is a customer or one of the staff, never both."""

from django.db import migrations

from totetaxi.lib.insert_only import insert_only

# Both profiles lock the user row first: of two at once, the second waits and then sees the other.
EITHER = """
CREATE FUNCTION refuse_second_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM users_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
  IF TG_TABLE_NAME = 'staff_staffprofile' THEN
    IF EXISTS (SELECT 1 FROM booking_customerprofile WHERE user_id = NEW.user_id) THEN
      RAISE EXCEPTION 'a customer cannot be staff'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_or_staff';
    END IF;
  ELSIF EXISTS (SELECT 1 FROM staff_staffprofile WHERE user_id = NEW.user_id) THEN
    RAISE EXCEPTION 'staff cannot be a customer'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_or_staff';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER customer_or_staff BEFORE INSERT OR UPDATE OF user_id ON staff_staffprofile
FOR EACH ROW EXECUTE FUNCTION refuse_second_profile();
CREATE TRIGGER customer_or_staff BEFORE INSERT OR UPDATE OF user_id ON booking_customerprofile
FOR EACH ROW EXECUTE FUNCTION refuse_second_profile();
"""
NEITHER = """
DROP TRIGGER IF EXISTS customer_or_staff ON booking_customerprofile;
DROP TRIGGER IF EXISTS customer_or_staff ON staff_staffprofile;
DROP FUNCTION IF EXISTS refuse_second_profile();
"""


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial"), ("booking", "0001_initial")]

    operations = [
        insert_only("staff_staffaction"),
        migrations.RunSQL(EITHER, NEITHER),
    ]
