"""The table `sessions`."""

from __future__ import annotations

from schemas import columns as c
from schemas._table import Table


class Sessions(Table):
    """Recent Activities: who signed in, when, from where, on what, and how long they were idle."""

    name = "sessions"
    grain = "one session of one user"
    partition_column = "login_date"
    retention_class = "sessions"

    session_id = c.session_id(primary_key=True)
    user_name = c.user_name()
    login_time = c.login_time()
    login_observed = c.login_observed()
    last_activity_time = c.last_activity_time()
    end_time = c.end_time(nullable=True)
    end_reason = c.end_reason()
    inactivity_s = c.inactivity_s()
    is_final = c.is_final()
    longest_inactivity_s = c.longest_inactivity_s()
    activity_count = c.activity_count()
    ip_address = c.ip_address(nullable=True)
    ip_addresses = c.ip_addresses()
    ip_count = c.ip_count()
    ip_switch_count = c.ip_switch_count()
    device = c.device()
    device_kind = c.device_kind()
    user_agent = c.user_agent(nullable=True)
    source = c.source()
    application = c.application(nullable=True)
    attribution_method = c.attribution_method()
    country_code = c.country_code(nullable=True)
    region_name = c.region_name(nullable=True)
    city_name = c.city_name(nullable=True)
    latitude = c.latitude(nullable=True)
    longitude = c.longitude(nullable=True)
    accuracy_radius_km = c.accuracy_radius_km(nullable=True)
    asn = c.asn(nullable=True)
    network_name = c.network_name(nullable=True)
    network_kind = c.network_kind(nullable=True)
    location_database_name = c.location_database_name(nullable=True)
    location_database_date = c.location_database_date(nullable=True)
    as_of_time = c.as_of_time()
    login_date = c.login_date()
