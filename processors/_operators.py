"""What kind of network an operator runs, where its number or name leaves no doubt; nothing where it does.

Left out on purpose: Microsoft (8075) and Google (15169), whose own people and VPN customers come from the numbers of
their clouds; Cloudflare (13335), Akamai (36183) and Fastly (54113), from which iCloud Private Relay and WARP come
beside everything else; carriers who sell telephones and lines of homes under one number. No number says `residential`.
Sources: the registries' names of the numbers, as https://bgp.tools and https://bgp.he.net list them.
"""

from __future__ import annotations

import polars as pl

KINDS = {
    "hosting": (
        *(8987, 14618, 16509),  # Amazon Web Services
        396982,  # Google Cloud
        31898,  # Oracle Cloud
        *(37963, 45102),  # Alibaba Cloud
        *(45090, 132203),  # Tencent Cloud
        36351,  # IBM Cloud, which was SoftLayer
        14061,  # DigitalOcean
        *(24940, 212317, 213230),  # Hetzner
        16276,  # OVHcloud; its lines of homes have 35540
        63949,  # Linode, now of Akamai
        20473,  # Vultr, by the name of Choopa
        12876,  # Scaleway, by the name of Online
        51167,  # Contabo
        197540,  # netcup
        *(7684, 9370, 9371),  # SAKURA Internet
        *(28753, 60781),  # Leaseweb in Germany and the Netherlands (unverified)
        9009,  # M247, whose largest customers are VPNs (unverified)
    ),
    "satellite": (
        14593,  # Starlink
        22351,  # Intelsat: aeroplanes and ships
        7155,  # Viasat (unverified)
        6621,  # Hughes (unverified)
    ),
    "mobile": (
        20057,  # AT&T Mobility (unverified)
        22394,  # Verizon Wireless, by the name of Cellco (unverified)
        21928,  # T-Mobile USA; homes on its mobile network, too (unverified)
    ),
}
_HOSTS = r"(?i)\b(?:web ?hosting|hosting|data ?cent(?:er|re)s?|colocation|vps)\b"
_BY_NUMBER = {number: kind for kind, numbers in KINDS.items() for number in numbers}


def kind(number: pl.Expr, name: pl.Expr) -> pl.Expr:
    """The kind of network of an autonomous system: by its number, else by a word in its name, else null."""
    by_number = number.replace_strict(_BY_NUMBER, default=None, return_dtype=pl.String)
    return pl.coalesce(by_number, pl.when(name.str.contains(_HOSTS)).then(pl.lit("hosting")))
