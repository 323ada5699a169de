"""One text to find bookings by, and one to find customers by, kept by the database."""

from django.db import migrations

# Addresses lie in rows of their own: they are written before the booking that names them, and
# whoever changes one later (taking a person out, say) changes what is found, too.
BOOKINGS = """
CREATE FUNCTION booking_keep_search_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_text := lower(concat_ws(' ',
    NEW.booking_number, NEW.first_name, NEW.last_name, NEW.email, NEW.phone,
    (SELECT string_agg(
        concat_ws(' ', address_line_1, nullif(address_line_2, ''), city, state, zip_code), ' ')
      FROM booking_address WHERE id IN (NEW.pickup_address_id, NEW.delivery_address_id))));
  RETURN NEW;
END $$;

CREATE TRIGGER booking_search_text_is_kept
  BEFORE INSERT OR UPDATE OF booking_number, first_name, last_name, email, phone,
    pickup_address_id, delivery_address_id, search_text
  ON booking_booking FOR EACH ROW EXECUTE FUNCTION booking_keep_search_text();

CREATE FUNCTION booking_address_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE booking_booking SET search_text = ''
    WHERE pickup_address_id = NEW.id OR delivery_address_id = NEW.id;
  RETURN NULL;
END $$;

CREATE TRIGGER booking_address_is_searched
  AFTER UPDATE OF address_line_1, address_line_2, city, state, zip_code
  ON booking_address FOR EACH ROW EXECUTE FUNCTION booking_address_changed();
"""
DROP_BOOKINGS = """
DROP TRIGGER booking_address_is_searched ON booking_address;
DROP FUNCTION booking_address_changed();
DROP TRIGGER booking_search_text_is_kept ON booking_booking;
DROP FUNCTION booking_keep_search_text();
"""

# Name and email lie with the user, addresses in rows of their own: a change of either has the
# profile's row look again.
CUSTOMERS = """
CREATE FUNCTION customer_keep_search_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_text := lower(concat_ws(' ',
    (SELECT concat_ws(' ', first_name, last_name, email) FROM users_user WHERE id = NEW.user_id),
    NEW.phone,
    (SELECT string_agg(
        concat_ws(' ', address_line_1, nullif(address_line_2, ''), city, state, zip_code), ' ')
      FROM booking_savedaddress WHERE user_id = NEW.user_id AND is_active)));
  RETURN NEW;
END $$;

CREATE TRIGGER customer_search_text_is_kept
  BEFORE INSERT OR UPDATE OF phone, user_id, search_text
  ON booking_customerprofile FOR EACH ROW EXECUTE FUNCTION customer_keep_search_text();

CREATE FUNCTION customer_user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE booking_customerprofile SET search_text = '' WHERE user_id = NEW.id;
  RETURN NULL;
END $$;

CREATE TRIGGER customer_user_is_searched
  AFTER UPDATE OF first_name, last_name, email
  ON users_user FOR EACH ROW EXECUTE FUNCTION customer_user_changed();

CREATE FUNCTION customer_address_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE booking_customerprofile SET search_text = ''
    WHERE user_id = COALESCE(NEW.user_id, OLD.user_id);
  RETURN NULL;
END $$;

CREATE TRIGGER customer_address_is_searched
  AFTER INSERT OR DELETE
    OR UPDATE OF address_line_1, address_line_2, city, state, zip_code, is_active
  ON booking_savedaddress FOR EACH ROW EXECUTE FUNCTION customer_address_changed();
"""
DROP_CUSTOMERS = """
DROP TRIGGER customer_address_is_searched ON booking_savedaddress;
DROP FUNCTION customer_address_changed();
DROP TRIGGER customer_user_is_searched ON users_user;
DROP FUNCTION customer_user_changed();
DROP TRIGGER customer_search_text_is_kept ON booking_customerprofile;
DROP FUNCTION customer_keep_search_text();
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0002_guards"), ("users", "0001_initial")]

    operations = [
        migrations.RunSQL(sql=BOOKINGS, reverse_sql=DROP_BOOKINGS),
        migrations.RunSQL(sql=CUSTOMERS, reverse_sql=DROP_CUSTOMERS),
    ]
