"""Instances that know each other: subscriptions, legion, zerg: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("weight",), kind="uint", default="0 (receivers treat as 1)", subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Load-balancing weight announced in subscriptions",
    ),
    Option(
        ("auto-weight",), kind="flag", default="off", subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Announce the number of workers/cores as weight",
    ),
    Option(
        ("subscription-notify-socket",), implies=("master",), subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Notification socket announced in subscriptions",
    ),
    Option(
        ("legion",), kind="legion", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name addr valor algo:secret`: join a legion",
    ),
    Option(
        ("legion-mcast",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Join a legion over multicast",
    ),
    Option(
        ("legion-node",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name addr`: peer of a legion",
    ),
    Option(
        ("legion-freq",), kind="int", default="3", implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Seconds between legion announcements",
    ),
    Option(
        ("legion-tolerance",), kind="int", default="15", implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Seconds of silence before a legion node is considered dead",
    ),
    Option(
        ("legion-death-on-lord-error",), kind="int", default="0 (off)", implies=("master",), subsystem="legion",
        status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Seconds this node plays dead if its lord action fails",
    ),
    Option(
        ("legion-skew-tolerance",), kind="int", default="60", implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Accepted clock difference in seconds",
    ),
    Option(
        ("legion-lord",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name action`: hook run when becoming lord",
    ),
    Option(
        ("legion-unlord",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name action`: hook run when no longer lord",
    ),
    Option(
        ("legion-setup",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name action`: hook run at legion setup",
    ),
    Option(
        ("legion-death",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name action`: hook run at shutdown of this node",
    ),
    Option(
        ("legion-join",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name action`: hook run when quorum is first reached",
    ),
    Option(
        ("legion-node-joined",), kind="special", repeats=True, implies=("master",), subsystem="legion",
        status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name action`: hook run when another node appears",
    ),
    Option(
        ("legion-node-left",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name action`: hook run when another node disappears",
    ),
    Option(
        ("legion-quorum",), kind="special", repeats=True, default="0", implies=("master",), subsystem="legion",
        status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name N`: nodes needed for a quorum",
    ),
    Option(
        ("legion-scroll",), kind="special", repeats=True, implies=("master",), subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="`name text`: data announced by this node",
    ),
    Option(
        ("legion-scroll-max-size",), kind="uint16", default="4096", subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Maximum announced data size",
    ),
    Option(
        ("legion-scroll-list-max-size",), kind="uint", default="32768", subsystem="legion", status="refused",
        reason="let keepalived, Pacemaker or your orchestrator decide which machine does it; Imperator joins no legion",
        availability="build:ssl", help="Maximum collected data size",
    ),
    Option(
        ("subscriptions-sign-check",), kind="special", implies=("master",), subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        availability="build:ssl", help="digest:directory used to verify signed subscriptions",
    ),
    Option(
        ("subscriptions-sign-check-tolerance",), kind="int", default="86400", implies=("master",),
        subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        availability="build:ssl", help="Accepted clock difference in seconds for signed subscriptions",
    ),
    Option(
        ("subscriptions-sign-skip-uid",), kind="list", repeats=True, implies=("master",), subsystem="subscription",
        status="refused", reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        availability="build:ssl", help="Peer uid whose subscriptions need no signature",
    ),
    Option(
        ("subscriptions-credentials-check",), kind="list", repeats=True, implies=("master",), subsystem="subscription",
        status="refused", reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Directory with per-key credential files",
    ),
    Option(
        ("subscriptions-use-credentials",), takes="none", kind="flag", default="off", subsystem="subscription",
        status="refused", reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Use UNIX peer credentials for subscriptions",
    ),
    Option(
        ("subscription-algo",), kind="special", default="wrr", subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Load-balancing algorithm of subscription slots",
    ),
    Option(
        ("subscription-dotsplit",), takes="none", kind="flag", default="off", subsystem="subscription",
        status="refused", reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="On a miss retry with the leading domain label removed",
    ),
    Option(
        ("subscribe-to", "st", "subscribe"), kind="list", repeats=True, implies=("master",), subsystem="subscription",
        status="refused", reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="addr:key[,...] - announce this instance to a router",
    ),
    Option(
        ("subscribe2",), kind="list", repeats=True, implies=("master",), subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Announce this instance, keyval form (server,key,socket,addr,weight,modifier1,modifier2,sign,check,sni_*)",
    ),
    Option(
        ("subscribe-freq",), kind="int", default="10", subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Seconds between announcements",
    ),
    Option(
        ("subscription-tolerance",), kind="int", default="17", subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Seconds of silence before a subscribed node is dropped",
    ),
    Option(
        ("unsubscribe-on-graceful-reload",), takes="none", kind="flag", default="off", subsystem="subscription",
        status="refused", reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Also unsubscribe while gracefully reloading",
    ),
    Option(
        ("start-unsubscribed",), takes="none", kind="flag", default="off", subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="Hold subscription packets back until the control fifo releases them",
    ),
    Option(
        ("subscribe-with-modifier1",), default="0", implies=("master",), subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        help="modifier1 announced in subscriptions",
    ),
    Option(
        ("zerg",), kind="list", repeats=True, subsystem="zerg", status="refused",
        reason="a reload keeps the sockets open without zerg mode; for more capacity raise workers",
        help="Address of a zerg server from which listeners are received",
    ),
    Option(
        ("zerg-fallback",), takes="none", kind="flag", default="off", subsystem="zerg", status="refused",
        reason="a reload keeps the sockets open without zerg mode; for more capacity raise workers",
        help="If no zerg server answers, bind the configured listeners itself",
    ),
    Option(
        ("zerg-server",), implies=("master",), subsystem="zerg", status="refused",
        reason="a reload keeps the sockets open without zerg mode; for more capacity raise workers",
        help="UNIX socket on which this instance hands out its listeners",
    ),
    Option(
        ("zergpool", "zerg-pool"), kind="list", repeats=True, subsystem="zerg", status="refused",
        reason="a reload keeps the sockets open without zerg mode; for more capacity raise workers",
        help="pool-socket:addr[,addr]: hand out listeners to zerg clients",
    ),
    Option(
        ("subscription-mountpoints", "subscription-mountpoint"), kind="int", default="0", implies=("master",),
        subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        availability="2.1-dev only", help="Number of path components used in subscription keys",
    ),
    Option(
        ("subscription-vassal-required",), takes="none", kind="flag", default="off", implies=("master",),
        subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        availability="2.1-dev only", help="Reject announcements without vassal name",
    ),
    Option(
        ("subscription-tolerance-inactive",), kind="int", subsystem="subscription", status="refused",
        reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        availability="2.1-dev only", help="Tolerance for inactive vassals",
    ),
    Option(
        ("subscription-clear-on-shutdown",), takes="none", kind="flag", default="off", subsystem="subscription",
        status="refused", reason="name the servers in nginx's upstream block; Imperator announces itself to no router",
        availability="2.1-dev only", help="At exit wipe the whole key on the router rather than remove one node",
    ),
)
