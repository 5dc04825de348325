
POWER_SIZES, POWER_RETRIES = (8, 15, 30, 60), ("now", "hour", "none")
def power_name(size, retry):
    return f"queue:{size}:cards=groups,exits=few,clients=one,schedule=random,clock=flat,chaff=none,retry={retry}"
def document(results): return str(len(results))
