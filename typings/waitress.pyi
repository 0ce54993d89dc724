from _typeshed.wsgi import WSGIApplication

def serve(
    app: WSGIApplication,
    *,
    host: str,
    port: int,
    threads: int,
    ident: str | None,
    connection_limit: int = ...,
    channel_timeout: int = ...,
    cleanup_interval: int = ...,
    asyncore_use_poll: bool = ...,
    max_request_header_size: int = ...,
    max_request_body_size: int = ...,
) -> None: ...
