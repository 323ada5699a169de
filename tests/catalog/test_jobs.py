from catalog.jobs import extend_seasons
from catalog.models import SurchargeRule


def test_extend_seasons_adds_what_is_missing_and_nothing_else(catalog):
    SurchargeRule.objects.filter(surcharge_type="peak_date").first().delete()
    assert extend_seasons() == "1 rows created"
    assert extend_seasons() == "nothing missing"
