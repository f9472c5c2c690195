"""Error answers: a page for people, an object `{"error": {"status", "message"}}` for the API."""

from __future__ import annotations

from flask import Flask, Response, jsonify, render_template
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from .auth import in_api

# In place of the framework's sentences where ours can say more.
EXPLAINED = {
    404: "There is nothing here. The host may have been deleted, or the address has a typing mistake.",
    413: "That is too large. Cut the file into several and import them one after the other.",
    500: "Something went wrong here, not with you. The reason is in the server's log.",
}


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _answer)


def api_error(status: int, message: str, **more: object) -> Response:
    response = jsonify(error={"status": status, "message": message, **more})
    response.status_code = status
    return response


def _answer(error: HTTPException) -> BaseResponse:
    if error.code is None or error.response is not None:
        return error.get_response()
    is_default = error.description is None or error.description == type(error).description
    message = EXPLAINED.get(error.code, error.description) if is_default else error.description
    response = error.get_response()  # for its headers: Allow, Retry-After, WWW-Authenticate
    if in_api():
        body = api_error(error.code, message or error.name)
    else:
        body = Response(render_template("error.html", code=error.code, name=error.name, message=message))
    response.data = body.data
    response.content_type = body.content_type
    return response
