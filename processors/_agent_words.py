"""The words of user agents that tell a browser, an app, a script or a bot, and the kind of device.

Words are in small letters. Patterns begin where they are looked for, or with a word, and take time linear in the agent.
"""

from __future__ import annotations

import re

MAJOR = re.compile(r"[0-9]{1,9}")
# Chrome 126.0.0 / Windows 10.0.0: as Auth0 writes it
SHORT = re.compile(
    r"(?P<browser>[^/();]{1,80}?) (?P<major>[0-9]{1,9})\.[0-9.]{1,40} / "
    r"(?P<system>[^/();]{1,80}?) (?P<system_major>[0-9]{1,9})\.(?P<system_minor>[0-9]{1,9})\.[0-9.]{1,40}"
)
# ExamplePanel/42, Example Panel v4.1, Ruby: how a product begins (RFC 9110, section 10.1.5, and what is sent besides)
PRODUCT = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9._+%~-]{0,60}(?: (?!v[0-9])[A-Za-z][A-Za-z0-9._+-]{0,40}){0,3})"
    r"(?P<is_versioned>/v?| v(?=[0-9])| (?=[0-9]))?"
    r"(?P<major>[0-9]{1,9})?"
)
SCRIPTS = {
    *("curl", "wget", "wget2", "aria2", "httpie", "xh", "lwp-request", "libwww-perl", "lwp-trivial"),
    *("python", "python-requests", "python-urllib", "python-urllib3", "python-httpx", "aiohttp", "urllib3", "scrapy"),
    *("boto3", "botocore", "aws-cli", "aws-sdk-go", "aws-sdk-go-v2", "aws-sdk-java", "aws-sdk-js", "aws-sdk-nodejs"),
    *("go-http-client", "go-resty", "fasthttp", "java", "java-http-client", "apache-httpclient", "ahc", "jersey"),
    *("apache-httpasyncclient", "jakarta commons-httpclient", "reactornetty", "reactor netty", "spring resttemplate"),
    *(
        "ktor-client",
        "unirest-java",
        "axios",
        "node",
        "node-fetch",
        "node.js",
        "undici",
        "got",
        "needle",
        "deno",
        "bun",
    ),
    *("ruby", "faraday", "rest-client", "httparty", "typhoeus", "mechanize", "php", "guzzlehttp", "symfony httpclient"),
    *("wordpress", "restsharp", "flurl", "dotnet", "postmanruntime", "insomnia", "bruno-runtime", "paw", "soapui"),
    *("hoppscotch", "apache-jmeter", "apachebench", "k6", "locust", "vegeta", "wrk", "hey", "gatling", "reqwest"),
    *("hyper", "ureq", "git", "git-lfs", "docker", "containerd", "kubectl", "helm", "terraform", "ansible-httpget"),
    *("vault", "consul-template", "rclone", "restic", "davfs2", "microsoft bits", "microsoft-webdav-miniredir"),
    *("microsoft-cryptoapi", "debian apt-http"),
}
"""Libraries and tools that send requests and say so."""
APPS = {
    *("okhttp", "dart", "dalvik", "alamofire", "afnetworking", "expo", "unityplayer", "xamarin", "cordova"),
    *("microsoft office", "microsoft office word", "microsoft office excel", "microsoft office powerpoint"),
    *("microsoft outlook", "outlook-ios", "outlook-android", "thunderbird"),
}
"""Libraries that apps of phones are made with (servers use okhttp as well), and programs of an office."""
PROBES = {
    *("kube-probe", "elb-healthchecker", "googlehc", "amazon-route53-health-check-service", "prometheus", "envoy"),
    *("haproxy", "consul health check", "nagios", "icinga", "zabbix", "telegraf", "datadog agent", "grafana"),
}
"""Load balancers and monitors that the list of crawlers does not have."""
TEXT_BROWSERS = {"lynx", "links", "elinks", "w3m"}
POWERSHELL = re.compile(r"PowerShell/([0-9]{1,9})")
OFFICE = re.compile(
    r"(?P<program>Microsoft (?:Outlook|Word|Excel|PowerPoint)) (?P<major>[0-9]{1,9})"
    r"|MSOffice (?P<suite>[0-9]{1,9})"
)
IN_APPS = {
    "MicroMessenger": "WeChat Browser",
    "LinkedInApp": "LinkedIn",
    "BytedanceWebview": "TikTok",
    "KAKAOTALK": "KakaoTalk",
    "Snapchat": "Snapchat",
}
"""Apps that show pages, where ua-parser may take them for the browser they contain."""
ELECTRON = re.compile(r"like Gecko\) (?P<name>[A-Za-z][A-Za-z0-9._-]{0,60})/(?P<major>[0-9]{1,9})[^ ]{0,40} Chrome/")
# browsers name a platform in brackets
WORN = re.compile(r"Mozilla/[0-9.]{1,5} \(|Opera/")
SUSPICIOUS = (
    *("compatible", "http:", "https:", "@", "bot", "crawl", "spider", "slurp", "headless", "phantom", "preview"),
    *("fetch", "monitor", "scan", "check", "probe", "lighthouse", "selenium", "driver", "playwright", "puppeteer"),
    *("archiv", "ptst"),
)
"""Where a browser's agent may be worn by something else; elsewhere the list of crawlers is not asked."""
BROWSERS = {
    *("Chrome", "Chrome Mobile", "Chrome Mobile WebView", "Chrome Mobile iOS", "Chromium", "Electron"),
    *("Safari", "Mobile Safari", "Mobile Safari UI/WKWebView", "Firefox", "Firefox Mobile", "Firefox iOS"),
    *("Edge", "Edge Mobile", "IE", "IE Mobile", "Opera", "Opera Mobile", "Android", "Samsung Internet"),
}
"""Families that others wear, as ua-parser calls them."""
TVS = (
    *("smart-tv", "smarttv", "smart tv", "web0s", "netcast", "hbbtv", "bravia", "crkey", "chromecast", "tvos", "roku"),
    *("android tv", "androidtv", "google tv", "googletv", "apple tv", "appletv", " tv safari", "xbox"),
    *("playstation 3", "playstation 4", "playstation 5", "nintendo wii", "nintendo switch"),
)
FIRE_TV = re.compile(r"\bAFT[A-Z]{1,5}[0-9]{0,3}\b")
CONSOLE = re.compile(r"\((PlayStation|Nintendo [A-Za-z0-9]{1,9})")
OF_NO_KIND = ("oculusbrowser", "watchos", "apple watch", "nintendo 3ds", "playstation vita", " vr ")
PHONES = {"Windows Phone", "Windows Mobile", "KaiOS", "BlackBerry OS", "Symbian OS", "Firefox OS"}
DESKTOPS = {
    *("Windows", "Mac OS X", "Mac OS", "Chrome OS", "Linux", "FreeBSD", "OpenBSD", "NetBSD", "DragonFly BSD"),
    *("Solaris", "Ubuntu", "Kubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "SUSE", "openSUSE", "Linux Mint"),
    *("Gentoo", "Arch Linux", "Mageia", "Mandriva", "Slackware", "PCLinuxOS"),
}
